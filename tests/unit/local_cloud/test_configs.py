# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the services are told."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest
import yaml
from local_cloud import configs, identity, seeding
from local_cloud.layout import REGIONS, Layout
from local_cloud.state import State

LAYOUT = Layout(Path("/cloud"))
INPUTS = configs.GlanceInputs(
    database_url="postgresql+psycopg2://postgres@/glance_one?host=/cloud/run",
    password="geheim",
    keystone_url="http://127.0.0.1:20001",
    own_url="http://127.0.0.1:20002",
    paste_file=Path("/venv/etc/glance/glance-api-paste.ini"),
)


def parsed(sections: configs.Sections) -> configparser.ConfigParser:
    """Read back the text, as oslo.config would: no interpolation, DEFAULT an ordinary section."""
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    parser.read_string(configs.render_ini(sections))
    return parser


@pytest.fixture
def state() -> State:
    """A state as it is after seeding."""
    ports = {"keystone": 20001, "glance_one": 20002, "glance_two": 20003}
    return State(ports=ports, ids={"application_credential": "c0ffee"})


def test_lists_that_oslo_declares_as_bounded_have_brackets() -> None:
    parser = parsed(configs.glance(LAYOUT, REGIONS[0], INPUTS))
    assert parser["DEFAULT"]["enabled_import_methods"] == "[glance-direct,web-download,copy-image,glance-download]"
    for name, value in parser["import_filtering_opts"].items():
        assert value[0] + value[-1] == "[]", name


def test_loopback_is_named_as_a_host_to_import_from() -> None:
    parser = parsed(configs.glance(LAYOUT, REGIONS[0], INPUTS))
    assert "127.0.0.1" in parser["import_filtering_opts"]["allowed_hosts"]


def test_every_store_has_its_own_folder_in_its_own_region() -> None:
    folders = []
    for region in REGIONS:
        sections = configs.glance(LAYOUT, region, INPUTS)
        for store in ("file", "fast", "os_glance_staging_store", "os_glance_tasks_store"):
            folders.append(sections[store]["filesystem_store_datadir"])
    assert len(set(folders)) == 8


def test_settings_of_the_user_replace_and_add() -> None:
    sections = configs.glance(LAYOUT, REGIONS[0], INPUTS)
    settings = {"DEFAULT.user_storage_quota": "3MB", "keystone_authtoken.token_cache_time": "-1", "new.key": "x"}
    merged = configs.merge(sections, settings)
    assert merged["DEFAULT"]["user_storage_quota"] == "3MB"
    assert merged["DEFAULT"]["enabled_backends"] == "file:file,fast:file"
    assert merged["keystone_authtoken"]["token_cache_time"] == "-1"
    assert merged["new"] == {"key": "x"}
    assert "new" not in sections


def test_the_order_in_which_settings_were_given_makes_no_other_configuration() -> None:
    sections = configs.glance(LAYOUT, REGIONS[0], INPUTS)
    settings = {"new.b": "1", "DEFAULT.user_storage_quota": "3MB", "new.a": "2"}
    turned = dict(reversed(settings.items()))
    assert configs.render_ini(configs.merge(sections, settings)) == configs.render_ini(configs.merge(sections, turned))


def test_clouds_yaml_is_yaml_with_every_cloud(state: State) -> None:
    state.passwords["member"] = 'quote " backslash \\ colon : hash #'
    clouds = yaml.safe_load(configs.clouds_yaml(state))["clouds"]
    assert clouds == configs.clouds(state)
    assert set(clouds) == {
        *("admin", "member", "other", "admin-two", "member-two", "other-two", "second", "member-appcred"),
    }
    assert clouds["member"]["auth"]["password"] == state.passwords["member"]
    assert clouds["member-two"]["region_name"] == "RegionTwo"
    assert clouds["second"]["auth"]["project_name"] == clouds["member"]["auth"]["project_name"]
    assert clouds["second"]["auth"]["project_domain_name"] != clouds["member"]["auth"]["project_domain_name"]


def test_an_application_credential_names_no_project(state: State) -> None:
    entry = configs.clouds(state)["member-appcred"]
    assert entry["auth_type"] == "v3applicationcredential"
    assert isinstance(entry["auth"], dict)
    assert set(entry["auth"]) == {"auth_url", "application_credential_id", "application_credential_secret"}


def test_the_catalog_is_pointed_to_the_present_ports(state: State) -> None:
    sql = identity.endpoint_update(state)
    assert sql.count("UPDATE endpoint") == 3
    assert "'http://127.0.0.1:20001/v3'" in sql
    assert "'http://127.0.0.1:20003' WHERE service_id IN (SELECT id FROM service WHERE type = 'image')" in sql
    assert "region_id = 'RegionTwo'" in sql


def test_a_reset_restores_each_database_from_its_copy() -> None:
    statements = seeding.restore_sql().splitlines()
    assert statements[::2] == [
        f"DROP DATABASE IF EXISTS {name} WITH (FORCE);" for name in ("keystone", "glance_one", "glance_two")
    ]
    assert "CREATE DATABASE glance_two TEMPLATE glance_two_initial;" in statements
    assert seeding.restore_sql(["keystone"]).count("CREATE DATABASE") == 1
