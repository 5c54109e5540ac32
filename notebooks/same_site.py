"""Is it the same site? What each server of the workbook is asked."""


def check(client):
    """Assert what a visitor can tell, and return "the same site".

    `client` is a test client of Werkzeug's, or a Server of `serving.py`.
    """
    cafe = "caf\u00e9"  # its last letter has an accent
    assert client.get("/").text == "Hello, World!"
    assert "Hello, &lt;i&gt;Ada!" in client.get("/greet/<i>Ada").text
    assert f"Hello, {cafe}!" in client.get(f"/greet/{cafe}").text
    assert client.post("/echo", data=b"abc").text == "abc"
    assert client.get("/echo").status_code == 405
    assert client.get("/nowhere").status_code == 404
    return "the same site"
