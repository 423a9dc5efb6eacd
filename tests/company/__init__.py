"""The package of a company, and walks that use it: tests/stories/test_company_package.py."""
