"""A workflow and what happened in one execution of it, as data that the pages draw."""
