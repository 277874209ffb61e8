/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>

#include "check.h"
#include "events.h"
#include "label.h"
#include "render.h"

static const Style utf8 = {.utf8 = true, .columns = 80}, ascii = {.columns = 80};

static void test_vendor(void) {
        CHECK_TEXT(label_vendor("NVIDIA Corporation"), "NVIDIA");
        CHECK_TEXT(label_vendor("Advanced Micro Devices, Inc. [AMD]"), "AMD");
        CHECK_TEXT(label_vendor("Advanced Micro Devices, Inc. [AMD/ATI]"), "AMD/ATI");
        CHECK_TEXT(label_vendor("Samsung Electronics Co Ltd"), "Samsung");
        CHECK_TEXT(label_vendor("Realtek Semiconductor Co., Ltd."), "Realtek");
        CHECK_TEXT(label_vendor("Red Hat, Inc."), "Red Hat");
        CHECK_TEXT(label_vendor("SK hynix"), "SK hynix");
        CHECK_TEXT(label_vendor("Systems Inc"), "Systems");
        CHECK_TEXT(label_vendor(""), "");
}

static void test_model(void) {
        CHECK_TEXT(label_model("GP106 [GeForce GTX 1060 3GB]"), "GeForce GTX 1060 3GB");
        CHECK_TEXT(label_model("82801 SATA Controller [AHCI mode]"),
                   "82801 SATA Controller [AHCI mode]");
        CHECK_TEXT(label_model("Ethernet Controller I225-V"), "Ethernet Controller I225-V");
        CHECK_TEXT(label_model("[x]"), "[x]");
        CHECK_TEXT(label_model(""), "");
}

static void test_device(void) {
        Device device = DEVICE_INIT;

        CHECK_TEXT(label_device(&utf8, &device, 40), "device");
        device.vendor_id = 0x1912;
        device.device_id = 0x14;
        device.class_name = (char *) "USB controller";
        CHECK_TEXT(label_device(&utf8, &device, 40), "USB controller [1912:0014]");
        device.vendor = (char *) "QEMU";
        device.device = (char *) "QEMU XHCI Host Controller";
        CHECK_TEXT(label_device(&utf8, &device, 40), "QEMU XHCI Host Controller");
        CHECK_TEXT(label_device(&utf8, &device, 20), "QEMU XHCI");
        CHECK_TEXT(label_device(&utf8, &device, 6), "QEMU…");
        CHECK_TEXT(label_device(&ascii, &device, 8), "QEMU...");
}

static void test_fit(void) {
        CHECK(text_width("abc") == 3 && text_width("äöü") == 3 && text_width("") == 0);
        CHECK_TEXT(text_fit(&utf8, "äöüß", 4), "äöüß");
        CHECK_TEXT(text_fit(&utf8, "äöüß", 3), "äö…");
        CHECK_TEXT(text_fit(&ascii, "äöüß", 3), "...");
        CHECK_TEXT(text_fit(&ascii, "äöüß", 2), "");
        CHECK_TEXT(text_fit(&utf8, "one two", 5), "one…");
        /* Broken text ends no loop too late. */
        CHECK_TEXT(text_fit(&utf8, "\xe2\x82", 3), "\xe2\x82");
}

static void test_clean(void) {
        char text[] = "a\033[31m\n\xc2\x9b" "1m\xc3\xa4";

        CHECK(strcmp(text_clean(text), "a?[31m???1m\xc3\xa4") == 0);
        CHECK(!text_clean(NULL));
}

static void test_lists(void) {
        const int64_t ids[] = {1, 2, 3, 4, 9, 13, 14};
        Holder holders[] = {{1, (char *) "a"}, {2, NULL}, {3, (char *) "c"}, {4, (char *) "d"}};
        HolderList list = {holders, 4, true};
        Finding finding = {.id = (char *) "interrupt-remapping-unknown"};

        CHECK_TEXT(label_ranges(ids, 7), "1-4 9 13 14");
        CHECK_TEXT(label_ranges(ids, 1), "1");
        CHECK_TEXT(label_holders(&list), "a (1), process (2) and 2 more");
        CHECK_TEXT(label_finding(&finding), "interrupt remapping");
        CHECK_TEXT(property_key("DriverOverride"), "driver_override");
        CHECK_TEXT(property_key("VendorName"), "vendor");
        CHECK(strcmp(label_address("0000:01:00.0", true), "01:00.0") == 0);
        CHECK(strcmp(label_address("0000:01:00.0", false), "0000:01:00.0") == 0);
        CHECK(strcmp(label_address("10000:e1:00.0", true), "10000:e1:00.0") == 0);
}

static void test_addresses(void) {
        CHECK(address_compare("0000:02:00.0", "0000:10:00.0") < 0);
        CHECK(address_compare("ffff:00:00.0", "10000:e1:00.0") < 0);
        CHECK(address_compare("0000:01:00.1", "0000:01:00.0") > 0);
        CHECK(address_compare("0000:01:00.1", "0000:01:00.1") == 0);
        CHECK(address_compare(NULL, "0000:01:00.1") < 0);
}

static void test_columns(void) {
        Columns all = {.address = 7, .name = 60, .driver = 30, .status = 40}, small, got;

        got = columns_share(80, all);
        CHECK(got.driver == 15);
        CHECK(2 + got.address + 2 + got.name + 2 + got.driver + 2 + got.status <= 80);
        CHECK(got.name >= 18 && got.status >= 13);

        small = (Columns) {.address = 7, .name = 20, .driver = 4, .status = 5};
        got = columns_share(80, small);
        CHECK(got.name == 20 && got.driver == 4 && got.status == 5);

        /* Too narrow for anything: still no column without a width. */
        got = columns_share(30, all);
        CHECK(got.name >= 18 && got.status >= 13);
}

static void test_wrap(void) {
        Style style = {.utf8 = true, .columns = 20};
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        CHECK(out);
        text_wrap(out, &style, "one two three four five six", 4, 2);
        fclose(out);
        CHECK_TEXT(text, "one two three\n  four five six\n");
}

int main(void) {
        setlocale(LC_CTYPE, "C.UTF-8");
        test_vendor();
        test_model();
        test_device();
        test_fit();
        test_clean();
        test_lists();
        test_addresses();
        test_columns();
        test_wrap();
        return 0;
}
