"""``python gpt_image.py …``: the script from which OpenTryOn's users make images."""

import sys

from darkroom_tryon.gpt_image import main

if __name__ == "__main__":
    sys.exit(main())
