"""The client groups: what is known of a client, and what the client is to the company.

They are no groups of users, and give nobody a permission.
"""

from backoffice.text import N_

EMAIL_NOT_VERIFIED = "email_not_verified"
PHONE_NOT_VERIFIED = "phone_not_verified"
KYC_NOT_VERIFIED = "kyc_not_verified"
MERCHANT_OWNER = "merchant_owner"
MERCHANT_STAFF = "merchant_staff"
LEGAL_MERCHANT_OWNER = "legal_merchant_owner"
LEGAL_MERCHANT_STAFF = "legal_merchant_staff"
ENTERPRISE_OWNER = "enterprise_owner"
ENTERPRISE_STAFF = "enterprise_staff"
API = "api"

# What each group is, in words for people.
DESCRIPTIONS = {
    EMAIL_NOT_VERIFIED: N_("Has registered, and not confirmed the e-mail address yet."),
    PHONE_NOT_VERIFIED: N_("Has confirmed the e-mail address, but not the phone."),
    KYC_NOT_VERIFIED: N_("Has confirmed e-mail and phone; nobody has approved their identity yet."),
    MERCHANT_OWNER: N_("A merchant whose identity is approved, with wallets of their own."),
    MERCHANT_STAFF: N_("Works for a merchant, with the wallets that the owner shares."),
    LEGAL_MERCHANT_OWNER: N_("A merchant whose legal entity is approved too (KYC level 2)."),
    LEGAL_MERCHANT_STAFF: N_("Works for a merchant whose legal entity is approved."),
    ENTERPRISE_OWNER: N_("Owns an enterprise whose identity is approved."),
    ENTERPRISE_STAFF: N_("Works for an enterprise, with the wallets that the owner shares."),
    API: N_("A program of a company, which signs in with tokens and has no person behind it."),
}
CLIENT_GROUPS = tuple(DESCRIPTIONS)

# The group of those who work for an owner of a group.
STAFF_OF = {
    MERCHANT_OWNER: MERCHANT_STAFF,
    LEGAL_MERCHANT_OWNER: LEGAL_MERCHANT_STAFF,
    ENTERPRISE_OWNER: ENTERPRISE_STAFF,
}
WORDS = {
    EMAIL_NOT_VERIFIED: "E-mail not verified",
    KYC_NOT_VERIFIED: "KYC not verified",
    API: "API",
}
COLOURS = {
    EMAIL_NOT_VERIFIED: "grey",
    PHONE_NOT_VERIFIED: "grey",
    KYC_NOT_VERIFIED: "orange",
    MERCHANT_OWNER: "green",
    MERCHANT_STAFF: "teal",
    LEGAL_MERCHANT_OWNER: "green",
    LEGAL_MERCHANT_STAFF: "teal",
    ENTERPRISE_OWNER: "blue",
    ENTERPRISE_STAFF: "teal",
    API: "purple",
}
