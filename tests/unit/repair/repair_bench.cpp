// SPDX-License-Identifier: MIT
#include "tests/unit/repair/repair_bench.h"

#include "formats/btrfs/dir.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/edit/file_editor.h"
#include "libfs/edit/subvolume_editor.h"
#include "tests/unit/ops/transaction_bench.h"

#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::test {

namespace {

u64 error_count(const survey::Findings& findings) {
    return findings.count(Severity::error) + findings.count(Severity::fatal);
}

std::string list_of(const survey::Findings& findings) {
    std::string text;
    for (const auto& finding : findings.all()) {
        text += describe(finding.problem) + "\n";
    }
    return text;
}

/// Those of a text that another one does not have.
std::string lines_not_in(const std::string& text, const std::string& other) {
    std::string missing;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        missing += other.find(line) == std::string::npos ? line + "\n" : "";
    }
    return missing;
}

} // namespace

RepairBench::RepairBench() {
    const auto committed = filesystem.open();
    auto transaction = must(Transaction::begin(committed, {}));
    InodeEditor inodes(transaction, {.sec = 3000});
    FileEditor files(inodes);
    const PlaceInTree top = {.tree = btrfs::fs_tree_id, .inode = btrfs::root_dir_inode};
    const auto dir = must(files.create({top, "dir"}, {.mode = S_IFDIR | 0755}));
    must(files.create({dir, "inner"}, {.mode = S_IFREG | 0640}));
    must(files.link(must(files.directories().find("/file1")), {dir, "link"}));
    must(files.create({top, "symlink"}, {.mode = S_IFLNK | 0777, .link_target = "dir/inner"}));
    must(files.set_xattr(must(files.directories().find("/file2")), {.name = "user.colour", .value = "blue"}));
    SubvolumeEditor subvolumes(transaction, {.sec = 3000});
    btrfs::Uuid uuid;
    uuid.bytes.fill(7);
    subvolume_ = must(subvolumes.create({dir, "sub"}, {.uuid = uuid}));
    for (const auto* path : {"/file1", "/file2", "/file3", "/dir", "/dir/inner", "/dir/link", "/symlink"}) {
        inodes_[path] = must(files.directories().find(path)).inode;
    }
    must(commit::run(transaction, filesystem.writable(), {}, {}));
}

repair::Report repair_in_place(const EditedFilesystem& filesystem, const repair::Options& options) {
    const auto damaged = filesystem.open();
    return must(repair::run(damaged, filesystem.writable(), options, {}, {}, {}));
}

std::string left_of(const repair::Report& report) {
    std::string left;
    for (const auto& fix : report.plan) {
        left += fix.is_made() || fix.is_gone ? "" : describe(fix.finding.problem) + ": " + fix.why_not + "\n";
    }
    return left;
}

void check_each_is_undone(const std::vector<ItemDamage>& all, const repair::Options& options) {
    const RepairBench untouched;
    for (const auto& damage : all) {
        const auto before = text_of(untouched.items(damage.tree));
        CAPTURE(std::string(damage.what));
        RepairBench bench;
        bench.filesystem.edit(damage.tree, [&](RepairBench::Items& items) { damage.make(bench, items); });
        const auto found = bench.check();
        CAPTURE(list_of(found));
        CHECK(error_count(found) > 0);
        const auto report = bench.repair(options);
        CHECK(left_of(report) == "");
        CHECK(list_of(bench.check()) == "");
        CHECK(lines_not_in(before, text_of(bench.items(damage.tree))) == "");
        CHECK(lines_not_in(text_of(bench.items(damage.tree)), before) == "");
    }
}

LeafItem& index_of(RepairBench::Items& items, u64 dir, std::string_view name) {
    const auto found = std::ranges::find_if(items, [&](const LeafItem& item) {
        return item.key.objectid == dir && item.key.type == btrfs::item_type::dir_index &&
               as_text(clipped(item.data, sizeof(btrfs::DirItem), btrfs::max_name_length)) == name;
    });
    REQUIRE((found != items.end()));
    return *found;
}

btrfs::Key dir_item_key(u64 dir, std::string_view name) {
    return {dir, btrfs::item_type::dir_item, name_hash(std::as_bytes(std::span(name)))};
}

LeafItem& item_at(RepairBench::Items& items, const btrfs::Key& key) {
    const auto found = std::ranges::find(items, key, &LeafItem::key);
    REQUIRE_MESSAGE(found != items.end(), key_text(key));
    return *found;
}

LeafItem take_item(RepairBench::Items& items, const btrfs::Key& key) {
    auto taken = item_at(items, key);
    std::erase_if(items, [&](const LeafItem& item) { return item.key == key; });
    return taken;
}

std::string text_of(const RepairBench::Items& items) {
    std::string text;
    for (const auto& item : items) {
        text += key_text(item.key) + " ";
        // Each commit gives trees other places.
        const bool is_root = item.key.type == btrfs::item_type::root_item;
        for (const auto byte : is_root ? Bytes() : Bytes(item.data)) {
            text += fmt::format("{:02x}", static_cast<unsigned>(byte));
        }
        text += "\n";
    }
    return text;
}

} // namespace btrkit::test
