"""Clients: who sees which of them and how much, their groups, KYC, passwords and sync.

Clients are rows that people look after; they never sign in here. May be imported by the dashboard,
actions, jobs, commands and views.
"""
