// SPDX-License-Identifier: MIT
// A filesystem fresh from mkfs, whose trees a test can change item by item with all checksums right.
#pragma once

#include "libfs/io/memory_device.h"
#include "libfs/ops/check/check.h"
#include "libfs/ops/mkfs/mkfs.h"
#include "libfs/volume/writable_devices.h"
#include "tests/support/build_leaf.h"
#include "tests/support/device_lists.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace btrkit::test {

struct FilesystemKind {
    std::string data_profile = "single";
    std::string metadata_profile = "dup";
    std::size_t device_count = 1;
    std::vector<std::string> features = {}; ///< as -O takes them
    u64 slack_bytes = mib; ///< that the devices have more than they need; of 80 MiB there are two superblocks
    std::string checksum = "crc32c";
    std::optional<u64> nodesize_bytes = {}; ///< none: as whoever makes it likes
    bool mixed = false;
};

/// What mkfs is to be asked for.
mkfs::PlanOptions plan_options(const FilesystemKind& kind, std::string_view fsid_seed, u64 default_nodesize_bytes);

/// A few files, with data of their own. Every tree is a single leaf, and must stay one.
class EditedFilesystem {
public:
    using Items = std::vector<LeafItem>;

    explicit EditedFilesystem(const FilesystemKind& kind = {});

    Items items(u64 tree) const;
    /// All items are sorted again behind the change.
    void edit(u64 tree, const std::function<void(Items&)>& change);
    /// Changes one item of this type, the first or the one of that number.
    template <class Body>
    void edit_item(u64 tree, u8 type, const std::function<void(btrfs::Key&, Body&)>& change, std::size_t number = 0);
    /// Gives the block of a tree to another, with other items: for trees that mkfs does not make.
    void replace_tree(u64 tree, u64 new_tree, Items items);
    /// Spoils the checksum of every copy of the root block.
    void lose(u64 tree);
    /// Of all devices and in all mirrors.
    void edit_super(const std::function<void(btrfs::Superblock&)>& change);
    void write(u64 logical, Bytes bytes);

    /// The first data extent.
    LeafItem data_extent() const;
    /// They show what is changed later too, so that opening costs no copy.
    Devices devices() const;
    /// MemoryDevices with copies of their bytes, to be changed by themselves.
    Devices own_devices() const;
    /// Themselves.
    WritableDevices writable() const;
    Filesystem open() const;

private:
    void write_leaf(const Promise& promise, u64 owner, const Items& items);

    std::vector<std::shared_ptr<MemoryDevice>> devices_;
};

/// Changes the body of an item in place. Fails the test where it is too short.
template <class Body>
void edit_body(LeafItem& item, const std::function<void(Body&)>& change) {
    Body body;
    if (item.data.size() < sizeof(body)) {
        throw std::runtime_error("the item is too short");
    }
    std::memcpy(&body, item.data.data(), sizeof(body));
    change(body);
    std::memcpy(item.data.data(), &body, sizeof(body));
}

/// The item of this type and number among its like.
LeafItem& item_of_type(EditedFilesystem::Items& items, u8 type, std::size_t number = 0);

template <class Body>
void EditedFilesystem::edit_item(u64 tree, u8 type, const std::function<void(btrfs::Key&, Body&)>& change,
                                 std::size_t number) {
    edit(tree, [&](Items& items) {
        LeafItem& item = item_of_type(items, type, number);
        edit_body<Body>(item, [&](Body& body) { change(item.key, body); });
    });
}

/// All that the whole check finds, without what opening has found.
check::Report check_filesystem(const Filesystem& filesystem);
check::Report check_filesystem(Devices devices);

/// Whether those of `judged` that were found are exactly the expected ones; else each difference is told.
bool found_exactly(const survey::Findings& findings, const std::vector<ProblemCode>& judged,
                   const std::vector<ProblemCode>& expected);

/// What a test breaks, and what the check must say of it.
struct Damage {
    const char* what;
    std::function<void(EditedFilesystem&)> make;
    std::vector<ProblemCode> expected;
};

/// Each damage by itself, in a fresh filesystem: found_exactly().
void check_each(const FilesystemKind& kind, const std::vector<ProblemCode>& judged, const std::vector<Damage>& all);

} // namespace btrkit::test
