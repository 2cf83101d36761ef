"""Trees, notes and proofs that others have published, each with its source."""

from __future__ import annotations

from engine.proof.tree import Span

# github.com/transparency-dev/merkle, proof/verify_test.go: entries, and the roots of the first 1 to
# 8 of them.
ENTRIES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(each)
    for each in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
_A, _B, _C, _D, _E, _F, _G, _H = (
    bytes.fromhex(each)
    for each in (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    )
)
# The same file: the proof of a leaf (counted from 0) in a tree, and from a size to another.
INCLUSION: dict[Span, list[bytes]] = {
    (0, 1): [],
    (0, 8): [_A, _B, _C],
    (5, 8): [_D, _E, _H],
    (2, 3): [ROOTS[1]],
    (1, 5): [ROOTS[0], _B, _D],
}
CONSISTENCY: dict[Span, list[bytes]] = {
    (1, 1): [],
    (1, 8): [_A, _B, _C],
    (6, 8): [_F, _E, _H],
    (2, 5): [_B, _D],
    (6, 7): [_F, _G, _H],
}
# The same file, `sha256SomeHash`.
SOME_HASH = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")

# c2sp.org/signed-note, "Example".
NOTE_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n"
    "\n"
    "— example.com/foo"
    " Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi"
    "2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()

# golang.org/x/mod, sumdb/note/note_test.go: one text, two keys.
TWO_VKEYS = (
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
)
TWO_SIGNED = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann"
    " x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcE"
    "lZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    "— EnochRoot"
    " rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCO"
    "Xm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
).encode()

# Made with other programs for this format; the seed of the key is SHA-256("TEST KEY - do not use"),
# the tree has 7 leaves.
PROOF_SEED_OF = b"TEST KEY - do not use"
PROOF_VKEY = "log.example.fr/consent/tenant-1+855d3d1e+AUIz0b7kyAjEKDRzhxogjXBJp4uyIG9WhMMf0xiDwNVT"
PROOF_ENTRY = (
    b'{"c":"a358be64356a070bfe9d94868250efa32b49858b1a8d1b5bd72d48b21cf44a82",'
    b'"seq":3,"type":"subscribed","v":1}'
)
PROOF_LEAF = bytes.fromhex("9a64fcb13485b6bb597a5376437bb7ddf54d019aac18726ca16828e18b626d35")
PROOF = (
    "c2sp.org/tlog-proof@v1\n"
    "index 3\n"
    "uCs6hqmsLdtzBZfyFYIEq45wvRwwGsb0rqWOVqfZby0=\n"
    "gFVBrQ3GGJKsnDbuPLK1x8zrQ+4lCVC/691JoQKOEvs=\n"
    "lCYGbOkk6swArj9nRAVRKKzVbjnbKKYbYHJms4Axjzc=\n"
    "\n"
    "log.example.fr/consent/tenant-1\n"
    "7\n"
    "M9EDOuT9ZIJzI2hsZjhTg1b0Xq0VyuqMVvgLWkidwhE=\n"
    "\n"
    "— log.example.fr/consent/tenant-1"
    " hV09Hivze6zE68LJx1vZqPwebmSqlj3658g9uq5O"
    "aenrC0OGfEDYlpXpqiuXRsiY9zZwOiMnXIQwd0eJP6o4Ij0w7wY=\n"
).encode()
