// SPDX-License-Identifier: MIT
// Parity of what is written: all files can be read without any one device, once they are committed; and what was there
// before can be, however far the commit has come.
#include "tests/support/device_layer.h"
#include "tests/support/tree_listing.h"
#include "tests/unit/edit/edit_bench.h"

#include <doctest/doctest.h>

namespace parity_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

std::vector<FilesystemKind> kinds() {
    std::vector<FilesystemKind> all;
    for (const auto& [profile, count] : {std::pair("raid5", 3), std::pair("raid6", 4)}) {
        all.push_back({.data_profile = profile,
                       .metadata_profile = profile,
                       .device_count = static_cast<std::size_t>(count),
                       .slack_bytes = 70 * mib});
    }
    return all;
}

/// Some rows of each stripe.
void write_file(Edit& edit, const std::string& name) {
    std::mt19937 random(17);
    std::vector<std::byte> bytes(700'000);
    std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
    must(edit.data.write(edit.make(name, 0100644), 0, bytes));
}

/// All files, read from all devices but that one.
Result<TreeListing> listed_without(std::vector<const BlockDevice*> devices, std::size_t missing) {
    devices.erase(devices.begin() + static_cast<std::ptrdiff_t>(missing));
    BTRKIT_TRY_ASSIGN(const auto filesystem, Filesystem::open(views_of(devices), {}, [](const Problem&) {}));
    BTRKIT_TRY_ASSIGN(const auto top, filesystem.find_tree(btrfs::fs_tree_id));
    return list_image(filesystem, {top, btrfs::root_dir_inode});
}

TreeListing listed(const TransactionBench& bench) {
    const auto filesystem = bench.open();
    return must(list_image(filesystem, {must(filesystem.find_tree(btrfs::fs_tree_id)), btrfs::root_dir_inode}));
}

void check_readable_without(const std::vector<const BlockDevice*>& devices, std::size_t missing,
                            const TreeListing& wanted) {
    CAPTURE(missing);
    const auto found = listed_without(devices, missing);
    REQUIRE_MESSAGE(found, found.error().message);
    CHECK(differences(*found, wanted, {}).empty());
}

} // namespace

TEST_CASE("With parity, what was written can be read without any one device") {
    for (const auto& kind : kinds()) {
        CAPTURE(kind.data_profile);
        const TransactionBench bench(kind, 20);
        Edit edit(bench);
        write_file(edit, "new");
        edit.commit();
        const auto wanted = listed(bench);
        for (std::size_t missing = 0; missing < kind.device_count; ++missing) {
            check_readable_without(bench.devices(), missing, wanted);
        }
    }
}

TEST_CASE("With parity, a commit that has come to some devices leaves the old files readable without any other one") {
    for (const auto& kind : kinds()) {
        CAPTURE(kind.data_profile);
        const TransactionBench bench(kind, 20);
        const auto wanted = listed(bench);
        Edit edit(bench);
        write_file(edit, "new");
        const auto proposal = must(edit.transaction().propose());
        for (std::size_t written = 0; written < kind.device_count; ++written) {
            CAPTURE(written);
            const DeviceLayer layer(bench.devices());
            must(proposal.overlays.at(written + 1)->apply(*layer.list()[written]));
            CHECK_FALSE(layer.changes().empty());
            for (std::size_t missing = 0; missing < kind.device_count; ++missing) {
                if (missing != written) {
                    check_readable_without(layer.readable(), missing, wanted);
                }
            }
        }
    }
}

} // namespace parity_test
