"""Who may do what: the kinds of principals, and the one table of permissions. Pure."""
