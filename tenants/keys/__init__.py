"""Keys and what they protect: key ring, encrypted fields, blind index, fragment search, files."""
