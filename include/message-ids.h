/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * MESSAGE_ID= of what vfiod writes into the journal. An id never changes its meaning; the catalog
 * (conf/vfiod.catalog) has a text for each. Fields: VFIOD_ADDRESS, VFIOD_JOB, VFIOD_GROUP,
 * VFIOD_CLAIM, VFIOD_ERROR; each only where it applies.
 */
#define MESSAGE_ID_PREPARED         "1cd2b0d254024987b9d75dec247b14c3" /* devices are on VFIO */
#define MESSAGE_ID_RELEASED         "3cdeea178ea645e989d2f0cfb8172faa" /* given back to the host */
#define MESSAGE_ID_ROLLED_BACK      "56122c20139a47c28d3b86c95a0f907d" /* failed, all as before */
#define MESSAGE_ID_ROLLBACK_FAILED  "bc069f4be81f44828d99d4c96e485efe" /* failed, not all as before */
#define MESSAGE_ID_STUCK            "fcd10494d029481db8363ada2b0478c8" /* the kernel does not end it */
#define MESSAGE_ID_DEVICE_FAULT     "d22e5640c2eb41b7a9d654f50cfaf3fe" /* the IOMMU refused an access */
#define MESSAGE_ID_CONFIGURATION    "dac0f3664041417e926fa0c50cb096a8" /* a line cannot be used */
#define MESSAGE_ID_WISH_REFUSED     "68f6557329a742f086a73c6bda27343b" /* persisted, and not moved at boot */
