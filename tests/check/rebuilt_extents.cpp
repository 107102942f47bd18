// SPDX-License-Identifier: MIT
// rebuilt-extents IMAGE...   what a repair would put into the extent tree of a filesystem, beside what stands in it: of
// one that is sound both are the same, item by item and byte by byte. Repeated with little memory, so that the
// addresses are gone through in many windows.
#include "libfs/fs/item_range.h"
#include "libfs/io/file_device.h"
#include "libfs/ops/repair/extents/extent_records.h"
#include "libfs/survey/read_roots.h"

#include <map>
#include <set>

#include <fmt/format.h>

namespace btrkit::test {
namespace {

/// By address.
using Records = std::map<u64, ExtentRecord>;

void keep(Records& records, ExtentRecord record) {
    if (record.first_key) {
        record.first_key = btrfs::Key{};
    }
    records.emplace(record.bytenr, std::move(record));
}

Result<Filesystem> open(std::span<char*> paths) {
    std::vector<std::unique_ptr<BlockDevice>> devices;
    for (const char* path : paths) {
        BTRKIT_TRY_ASSIGN(devices.emplace_back(), FileDevice::open(path));
    }
    return Filesystem::open(std::move(devices), {}, [](const Problem&) {});
}

Result<Records> stored_records(const Filesystem& filesystem, const TreeRoot& tree) {
    Records all;
    std::optional<ExtentRecordReader> open;
    ItemRange items(filesystem.reader(), tree.block, KeyRange{});
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, items.next());
        if (is_there && open && open->owns(items.key())) {
            BTRKIT_TRY(open->add(items.key(), items.data()));
            continue;
        }
        if (open) {
            BTRKIT_TRY_ASSIGN(auto record, std::move(*open).finish());
            keep(all, std::move(record));
            open.reset();
        }
        if (!is_there) {
            return all;
        }
        if (items.key().type != btrfs::item_type::block_group_item) {
            BTRKIT_TRY_ASSIGN(open, ExtentRecordReader::begin(items.key(), items.data(), filesystem.geometry()));
        }
    }
}

Result<Records> rebuilt_records(const Filesystem& filesystem, const TreeRoot& tree, u64 memory_bytes) {
    survey::Findings findings;
    survey::Survey survey{.filesystem = filesystem,
                          .run = {.memory_bytes = memory_bytes},
                          .findings = findings,
                          .references = survey::ReferenceSums(0)};
    survey::read_roots(survey);
    if (std::ranges::any_of(survey.roots.records, &survey::RootRecord::is_reloc)) {
        return fail(ErrorKind::unsupported, "a balance is unfinished");
    }
    const auto trees = repair::walked_trees(survey, {});
    BTRKIT_TRY_ASSIGN(const auto used, repair::find_used_space(survey, trees));
    Records all;
    BTRKIT_TRY(repair::for_each_record(
        survey, trees, used,
        {.tree = &tree, .has_quota_owners = filesystem.geometry().has_incompat(btrfs::incompat_simple_quota)},
        [&](const ExtentRecord& record) -> Result<void> {
            keep(all, record);
            return {};
        }));
    return all;
}

std::string text_of(const Records& records, u64 bytenr) {
    const auto found = records.find(bytenr);
    if (found == records.end()) {
        return "none";
    }
    const auto& record = found->second;
    std::string text = fmt::format("{} bytes, generation {}, flags {:#x}, level {}:", record.length_bytes,
                                   record.generation, record.flags, record.level);
    for (const auto& ref : record.refs) {
        text += fmt::format(" ({} {} {} {} {}){}", ref.type, ref.root, ref.parent, ref.objectid, ref.offset, ref.count);
    }
    return text;
}

void tell_differences(const Records& stored, const Records& rebuilt) {
    std::set<u64> addresses;
    for (const auto* side : {&stored, &rebuilt}) {
        for (const auto& [bytenr, record] : *side) {
            addresses.insert(bytenr);
        }
    }
    for (const u64 bytenr : addresses) {
        const auto is = text_of(stored, bytenr);
        const auto would_be = text_of(rebuilt, bytenr);
        if (is != would_be) {
            fmt::print("  extent {}:\n    stored:  {}\n    rebuilt: {}\n", bytenr, is, would_be);
        }
    }
}

Result<bool> compare(std::span<char*> paths) {
    BTRKIT_TRY_ASSIGN(const auto filesystem, open(paths));
    BTRKIT_TRY_ASSIGN(const auto tree, filesystem.find_tree(btrfs::extent_tree_id));
    BTRKIT_TRY_ASSIGN(const auto stored, stored_records(filesystem, tree));
    constexpr u64 little_bytes = 4096;
    for (const u64 memory_bytes : {u64{256} << 20, little_bytes}) {
        BTRKIT_TRY_ASSIGN(const auto rebuilt, rebuilt_records(filesystem, tree, memory_bytes));
        if (rebuilt != stored) {
            tell_differences(stored, rebuilt);
            return false;
        }
    }
    fmt::print("{}: {} extents\n", paths.front(), stored.size());
    return true;
}

} // namespace
} // namespace btrkit::test

int main(int argc, char** argv) {
    const auto is_equal = btrkit::test::compare({argv + 1, argv + argc});
    if (is_equal) {
        return *is_equal ? 0 : 1;
    }
    fmt::print("  {}\n", is_equal.error().message);
    return is_equal.error().kind == btrkit::ErrorKind::unsupported ? 77 : 1;
}
