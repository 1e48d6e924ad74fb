"""The pages, one module and one template each; `actions` has what their buttons do."""
