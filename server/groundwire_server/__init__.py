"""groundwire: answers that are verified and cited, or a typed reason why not."""

import logging

# Commands that set up no logs say what failed themselves.
logging.getLogger(__name__).addHandler(logging.NullHandler())
