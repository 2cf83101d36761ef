"""Files sent to the pages of imports, as a browser would send them."""

from __future__ import annotations

from pathlib import Path

from fastapi.responses import Response

from engine.console import import_pages
from engine.console.access import Role
from engine.console.visit import Redirect, Route, UploadedFile
from engine.context import AppContext
from engine.imports.uploads import Kind, Upload, Uploads
from engine.words import Language
from tests.console.visiting import answered, visit

HERE = "/import/{upload}"
PEOPLE = "email;Prénom\nana@lecteurs.example;Ana\nbob@lecteurs.example;Bob\nnobody;\n"
SAID = {
    "column-0": "email",
    "column-1": "field:first_name",
    "list": "10",
    "basis": "consent",
    "source": "Salon du jardin",
    "collected": "2024-03-01",
}


class Pages:
    """The pages of one installation, asked as an operator."""

    def __init__(self, context: AppContext) -> None:
        self.context = context
        self.routes: tuple[Route, ...] = tuple(import_pages.routes(context))
        self.uploads = Uploads(context.config.data)

    def send(
        self, folder: Path, content: str | bytes, name: str = "contacts.csv", kind: Kind = "import"
    ) -> Response:
        path = folder / "sent"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        sent = UploadedFile(name, path, path.stat().st_size)
        visitor = visit(url="/import", files={"file": sent}, inputs={"kind": kind})
        return answered(self.routes, "POST", "/import", visitor)

    def sent(self, folder: Path, content: str | bytes = PEOPLE, **values: str) -> Upload:
        """A file that is taken."""
        answer = self.send(folder, content, **values)  # type: ignore[arg-type]
        assert isinstance(answer, Redirect), bytes(answer.body).decode()
        upload = self.uploads.get(answer.headers["location"].rpartition("/")[2])
        assert upload is not None
        return upload

    def get(
        self, upload: Upload, at: str = HERE, language: Language = "en", role: Role = Role.OPERATOR
    ) -> Response:
        url = at.replace("{upload}", upload.token)
        visitor = visit(role, language, url=url, path={"upload": upload.token})
        return answered(self.routes, "GET", at, visitor)

    def post(self, upload: Upload, at: str = HERE, **inputs: str) -> Response:
        url, pairs = at.replace("{upload}", upload.token), list(inputs.items())
        visitor = visit(url=url, path={"upload": upload.token}, inputs=inputs, all_inputs=pairs)
        return answered(self.routes, "POST", at, visitor)

    def say(self, upload: Upload, **changed: str) -> Response:
        """What a form says of it, and then what would happen is looked at."""
        said = SAID | {name.replace("_at_", "-"): value for name, value in changed.items()}
        return self.post(upload, HERE, **{name: value for name, value in said.items() if value})

    def go(self, upload: Upload) -> Response:
        return self.post(upload, f"{HERE}/go")

    def report(self, upload: Upload, language: Language = "en") -> Response:
        return self.get(upload, f"{HERE}/report", language)


def looked_at(
    context: AppContext, folder: Path, content: str, name: str = "contacts.csv", **changed: str
) -> str:
    """The token of a file that waits, of which is shown what would happen."""
    pages = Pages(context)
    upload = pages.sent(folder, content, name=name)
    answer = pages.say(upload, **changed)
    assert isinstance(answer, Redirect), bytes(answer.body).decode()
    return upload.token
