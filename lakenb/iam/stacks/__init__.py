"""From a template, or several nested ones, to worlds: everything that it deploys, with its policies."""
