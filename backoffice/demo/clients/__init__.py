"""The demo's clients: a payment processor's, from many countries.

markets      the countries, with languages, currencies and cities
owners       the clients as people: owners with companies, their staff, programs
rows         their rows, and those of their companies
belongings   rows of their KYC cases, wallets, sign-ins and tokens
documents    what they have shown for KYC
kyc          their KYC cases, the newest decided by people
loading      all of it, written in few statements
"""
