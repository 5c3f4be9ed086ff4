"""Sessions of people who read the pages, and one-time links to the pages. Every worker of a gateway reads them."""
