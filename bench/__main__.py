"""`python -m bench`. The processes of a rebuild read this file again, as they read the program's
own: whatever it imports would be measured too.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from bench.measuring import main

    sys.exit(main())
