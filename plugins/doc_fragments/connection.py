# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  cloud:
    description:
      - Name of a cloud in C(clouds.yaml), or a dictionary with a whole cloud configuration as it would stand there.
      - Not given, the environment variable E(OS_CLOUD) names the cloud, and the other E(OS_*) variables are read too.
    type: raw
  auth:
    description:
      - What the auth type needs to log in, such as C(auth_url), C(username), C(password), C(project_name),
        C(user_domain_name) and C(project_domain_name).
    type: dict
  auth_type:
    description:
      - Name of a keystoneauth1 auth type such as V(password), V(token) or V(v3applicationcredential).
    type: str
  region_name:
    description:
      - Name of the region.
    type: str
  interface:
    description:
      - Which of the service's endpoints to use.
    type: str
    choices: [admin, internal, public]
    aliases: [endpoint_type]
  validate_certs:
    description:
      - Whether certificates of servers are verified. They are, unless this or the cloud's configuration says
        otherwise.
    type: bool
    aliases: [verify]
  ca_cert:
    description:
      - Path of a bundle of authorities that sign the cloud's certificates.
    type: path
    aliases: [cacert]
  client_cert:
    description:
      - Path of a certificate to show to the servers.
    type: path
    aliases: [cert]
  client_key:
    description:
      - Path of the key of O(client_cert), when it is in a file of its own.
    type: path
    aliases: [key_file]
  endpoint:
    description:
      - URL of the Image service. Together with O(token) it is all that is needed, without an Identity service.
      - Together with a cloud it takes the place of the catalog's endpoint.
      - Not given, the environment variable E(OS_IMAGE_URL) is used.
    type: str
  token:
    description:
      - A token for the Image service at O(endpoint).
      - Not given, the environment variable E(OS_AUTH_TOKEN) is used.
      - Set E(OS_PROJECT_ID) too when images of other projects can be seen, so that it is known which are your own.
    type: str
  auth_cache:
    description:
      - Path of a folder in which finished logins are kept until shortly before they expire, so that the next task
        need not log in again.
      - The folder is made with mode 0700 and its files with mode 0600; a folder that others can read is refused.
      - Without it every task logs in itself.
    type: path
  api_timeout:
    description:
      - Seconds for which a connection to a service may stay silent.
    type: int
    default: 60
  api_retry_time:
    description:
      - Seconds for which one call is tried again while the service does not answer or answers that it is busy
        (HTTP 429, 502, 503, 504). V(0) means that nothing is tried again.
    type: int
    default: 60
  sdk_log_path:
    description:
      - Accepted for plays that were written for C(openstack.cloud); has no effect.
    type: str
  sdk_log_level:
    description:
      - Accepted for plays that were written for C(openstack.cloud); has no effect.
    type: str
    default: INFO
    choices: [INFO, DEBUG]
requirements:
  - requests
  - jsonpatch
  - openstacksdk, unless O(endpoint) and O(token) are used
notes:
  - C(clouds.yaml), C(secure.yaml), profiles, vendor files and E(OS_*) variables are read by openstacksdk, and every
    auth type of keystoneauth1 works.
  - The libraries are needed where the module runs, which is the controller for most plays (C(connection=local)).
"""
