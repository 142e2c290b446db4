import asyncio

from auth_service.tests.integration.house import PASSWORD, House, answer, refused


async def test_changes_are_versions_and_events(house: House) -> None:
    ada = await house.join("ada")
    renamed = await ada.call.put("/users/me", json={"username": "ADA"}, headers={"If-Match": '"1"'})
    assert answer(renamed)["username"] == "ADA"
    assert renamed.headers["etag"] == '"2"'
    moved = await ada.call.put("/users/me", json={"email": "Ada@Example.org", "current_password": PASSWORD})
    assert answer(moved)["version"] == 3
    assert answer(await ada.call.put("/users/me", json={}))["version"] == 3
    events = await house.events(ada.id)
    assert [event[:2] for event in events] == [("user.created", 1), ("user.updated", 2), ("user.updated", 3)]
    assert events[-1][2]["email"] == "ada@example.org"


async def test_what_was_seen_is_what_is_changed(house: House) -> None:
    ada = await house.join("ada")
    answers = await asyncio.gather(
        *(
            ada.call.put("/users/me", json={"username": f"ada{number}"}, headers={"If-Match": '"1"'})
            for number in range(8)
        )
    )
    assert sorted(response.status_code for response in answers) == [200] + [412] * 7
    assert len(await house.events(ada.id)) == 2
    read = await ada.call.get("/users/me")
    assert read.headers["etag"] == '"2"'
    assert (await ada.call.get("/users/me", headers={"If-None-Match": '"2"'})).status_code == 304


async def test_the_current_password_guards_the_account(house: House) -> None:
    ada = await house.join("ada")
    for change in ({"email": "new@example.com"}, {"password": "another one"}):
        problem = refused(await ada.call.put("/users/me", json=change), 422, "current_password_required")
        assert problem["errors"][0]["field"] == "current_password"
        wrong = await ada.call.put("/users/me", json={**change, "current_password": "no"})
        refused(wrong, 403, "wrong_password")
    assert answer(await ada.call.get("/users/me")) == ada.user
    answers = await asyncio.gather(
        *(ada.call.put("/users/me", json={"password": "another one", "current_password": "no"}) for _ in range(20))
    )
    assert sorted(response.status_code for response in answers) == [403] * 8 + [429] * 12


async def test_names_of_others_are_taken(house: House) -> None:
    ada = await house.join("ada")
    await house.join("bob")
    refused(await ada.call.put("/users/me", json={"username": "BOB"}), 409, "username_taken")
    body = {"email": "BOB@example.com", "current_password": PASSWORD}
    refused(await ada.call.put("/users/me", json=body), 409, "email_taken")
    for field in ("username", "email", "password", "current_password"):
        refused(await ada.call.put("/users/me", json={field: None}), 422, "validation_error")


async def test_who_leaves_leaves_nothing_behind_but_an_id(house: House) -> None:
    ada = await house.join("ada")
    refused(await ada.call.delete("/users/me", headers={"If-Match": '"7"'}), 412, "version_conflict")
    assert (await ada.call.delete("/users/me")).status_code == 204
    refused(await ada.call.get("/users/me"), 401, "user_inactive")
    refused(await house.try_login("ada"), 401, "invalid_credentials")
    refused(await house.refresh(ada.refresh_token), 401, "invalid_refresh_token")
    assert (await house.events(ada.id))[-1] == ("user.deleted", 2, {"id": ada.id, "version": 2})
    assert await house.rows("SELECT 1 FROM users WHERE username = 'ada'") == []
    (gone,) = await house.rows("SELECT * FROM deleted_users")
    assert (str(gone["id"]), gone["version"]) == (ada.id, 2)
    again = await house.join("ada")
    assert again.id != ada.id


async def test_who_leaves_at_this_moment_is_gone_and_not_unknown(house: House) -> None:
    ada = await house.join("ada")
    answers = await asyncio.gather(
        *(ada.call.delete("/users/me") for _ in range(6)),
        *(ada.call.put("/users/me", json={"username": f"ada{number}"}) for number in range(3)),
        *(ada.call.get("/users/me") for _ in range(3)),
    )
    assert [response.status_code for response in answers].count(204) == 1
    for response in answers:
        if response.is_error:
            refused(response, 401, "user_inactive")
    assert (await house.events(ada.id))[-1][0] == "user.deleted"
