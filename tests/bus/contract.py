# SPDX-License-Identifier: GPL-2.0-or-later
"""The contract as data, written by hand from DESIGN.md 3 and 4; nothing here was read off the
program.
"""
ERROR = 'org.vfiod1.Error.'
STANDARD = 'org.freedesktop.DBus.Error.'
INVALID_ARGS = STANDARD + 'InvalidArgs'
ACCESS_DENIED = STANDARD + 'AccessDenied'
LIMITS_EXCEEDED = STANDARD + 'LimitsExceeded'

FINDINGS = 'a(sssassa{sv})'

# What may say "const": an object's identity (DESIGN.md 2: another identity is another object), what
# follows from it, and what holds for one boot or one run of the program.
TRUE, FALSE, CONST = 'true', 'false', 'const or true'


class Interface:
    """properties: name: (signature, changes); methods: name: (in, out); signals: name: arguments.
    Arguments are (signature, name); name None where the contract gives none: any will do."""

    def __init__(self, properties, methods=None, signals=None):
        self.properties, self.methods, self.signals = properties, methods or {}, signals or {}


REQUEST = [('s', 'address'), ('a{sv}', 'options')]
RESULT = [('s', 'result'), ('o', 'job')]

MANAGER = Interface({
    'Version': ('s', CONST),
    'KernelRelease': ('s', CONST),
    'CommandLine': ('s', CONST),
    'Readiness': ('s', TRUE),
    'IommuState': ('s', TRUE),
    'IommuKind': ('s', TRUE),
    'InterruptRemapping': ('s', TRUE),
    'PostedInterrupts': ('s', TRUE),
    'UnsafeInterrupts': ('b', TRUE),
    'DefaultDomain': ('s', TRUE),
    'Backends': ('as', TRUE),
    'Findings': (FINDINGS, TRUE),
}, {
    'GetDevice': ([('s', None)], [('o', None)]),
    'GetGroup': ([('u', None)], [('o', None)]),
    'Rescan': ([], []),
    'Plan': (REQUEST, [('a(sss)', 'steps'), (FINDINGS, 'findings')]),
    'Prepare': (REQUEST, RESULT),
    'Release': (REQUEST, RESULT),
}, {
    'GroupChanged': [('u', 'id'), ('s', 'verdict'), ('s', 'reason')],
    'DeviceFault': [('s', 'address'), ('s', 'message')],
    'JobNew': [('u', 'id'), ('o', 'job')],
    'JobRemoved': [('u', 'id'), ('o', 'job'), ('s', 'address'), ('s', 'result'), ('s', 'error'),
                   ('s', 'message')],
})

GROUP = Interface({
    'Id': ('u', CONST),
    'Type': ('s', TRUE),
    'VfioNode': ('s', TRUE),
    'Members': ('ao', TRUE),
    'OtherMembers': ('as', TRUE),
    'Verdict': ('s', TRUE),
    'Viable': ('b', TRUE),
    'Blockers': ('a(sss)', TRUE),
    'InUse': ('s', FALSE),
    'Findings': (FINDINGS, TRUE),
})

DEVICE = Interface({
    'Address': ('s', CONST),
    'VendorId': ('q', CONST),
    'DeviceId': ('q', CONST),
    'SubsystemVendorId': ('q', CONST),
    'SubsystemDeviceId': ('q', CONST),
    'Class': ('u', CONST),
    'VendorName': ('s', CONST),
    'DeviceName': ('s', CONST),
    'ClassName': ('s', CONST),
    'Driver': ('s', TRUE),
    'DriverOverride': ('s', FALSE),
    'HostDriver': ('s', TRUE),
    'Group': ('o', TRUE),
    'Role': ('s', TRUE),
    'State': ('s', TRUE),
    'Readiness': ('s', TRUE),
    'ManagedBy': ('s', TRUE),
    'Persisted': ('b', TRUE),
    'VfioDevice': ('s', TRUE),
    'Findings': (FINDINGS, TRUE),
    'Holders': ('a(us)', FALSE),
    'ResetMethods': ('as', FALSE),
    'PowerState': ('s', FALSE),
    'BootVga': ('b', TRUE),
    'NumaNode': ('i', TRUE),
    'PhysicalFunction': ('s', TRUE),
    'VirtualFunctions': ('as', TRUE),
}, {
    'Refresh': ([], []),
})

INTERFACES = {'org.vfiod1.Manager': MANAGER, 'org.vfiod1.Group': GROUP,
              'org.vfiod1.Device': DEVICE}

# Those of a release say nothing of what moves along.
OPTIONS = {'with': 'as', 'group': 'b', 'accept': 'as', 'driver': 's', 'for': 's', 'persist': 'b',
           'no-block': 'b', 'wait': 'b', 'foreign': 'b', 'timeout-usec': 't'}
OPTIONS_OF = {
    'Plan': ('with', 'group', 'accept', 'driver', 'for'),
    'Prepare': ('with', 'group', 'accept', 'driver', 'for', 'persist', 'no-block', 'wait',
                'timeout-usec'),
    'Release': ('for', 'persist', 'no-block', 'wait', 'foreign', 'timeout-usec'),
}

# What each word may be (DESIGN.md 2 and 3); empty where it may be empty.
WORDS = {
    'org.vfiod1.Manager': {
        'Readiness': {'ready', 'degraded', 'blocked', 'unknown'},
        'IommuState': {'enabled', 'disabled-by-command-line', 'disabled-by-default',
                       'disabled-by-firmware', 'unsupported', 'failed', 'unknown'},
        'IommuKind': {'intel-vtd', 'amd-vi', 'arm-smmu', 'virtio-iommu', 'other', 'none'},
        'InterruptRemapping': {'enabled', 'disabled', 'unknown'},
    },
    'org.vfiod1.Group': {
        'Verdict': {'viable', 'blocked', 'unknown'},
        'InUse': {'yes', 'no', 'unknown'},
    },
    'org.vfiod1.Device': {
        'Role': {'endpoint', 'bridge', 'host-bridge', 'platform'},
        'State': {'detaching', 'busy', 'vfio', 'stub', 'host', 'unbound',
                  ''},  # empty: the driver could not be read
        'Readiness': {'ready', 'preparable', 'needs-consent', 'blocked', 'unknown'},
        'ManagedBy': {'vfiod', 'driverctl', 'kernel-ids', 'other', ''},
    },
}
SEVERITIES = {'blocker', 'warning', 'info', 'unknown'}
BLOCK_REASONS = {'host-driver', 'bridge-driver', 'platform-driver', 'detaching'}
ACTIONS = {'load-module', 'set-override', 'unbind', 'bind', 'probe', 'verify'}

# JSON (DESIGN.md 4)
JSON_FINDING = {'id', 'severity', 'message', 'evidence', 'remedy', 'address', 'class'}
JSON_BLOCKER = {'address', 'driver', 'reason'}
JSON_HOLDER = {'pid', 'command'}
JSON_STEP = {'action', 'address', 'value'}
JSON_GROUP_ALONE = {'id', 'type', 'vfio_node', 'verdict', 'viable', 'in_use', 'blockers'}
JSON_GROUP = JSON_GROUP_ALONE | {'members'}
JSON_MEMBER = {
    'address', 'class', 'class_name', 'vendor_id', 'device_id', 'vendor', 'device', 'driver',
    'driver_override', 'host_driver', 'role', 'state', 'readiness', 'managed_by', 'persisted',
    'holders', 'reset_methods', 'power_state', 'boot_vga', 'numa_node', 'physical_function',
    'virtual_functions', 'findings'}
JSON_SHOW = JSON_MEMBER | {'group'}
JSON_CHECK = {'readiness', 'iommu_state', 'iommu_kind', 'interrupt_remapping', 'posted_interrupts',
              'unsafe_interrupts', 'default_domain', 'backends', 'kernel', 'findings'}
JSON_STATUS = JSON_CHECK | {'groups'}
JSON_PLAN = {'steps', 'findings'}
