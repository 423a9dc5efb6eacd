"""Prove who somebody is: sign-in, sessions, passwords, second factors, links and throttles.

The area may import mail and the areas below it. Names, groups and pictures of people are not its
concern: they belong to the area `people`.
"""
