from tests.support.acting import act
def test_x(app, client, cast):
    client.sign_in("olivia")
    urls, given = app.url_map.bind(""), {"kind": "csv", "row_id": 1}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and given.keys() >= rule.arguments:
            p = urls.build(rule.endpoint, given, force_external=False)
            r = client.get(p); print(p, r.status_code, r.headers.get("Content-Disposition"), r.location)
