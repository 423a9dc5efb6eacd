"""Who somebody is: sign-in, sessions, passwords, second factor, links, throttles, and the proof of all of them.

Knows mail and what lies below. What people are besides, their names, groups and pictures, is the area `people`.
"""
