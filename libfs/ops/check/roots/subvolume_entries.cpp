// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/fs/path_lookup.h"

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

/// An item that a parent tree should have.
struct WantedEntry {
    btrfs::Key key;
    const RootRefRecord* ref = nullptr;
};

/// Of the references by one parent, in key order, so that one pass through its tree finds all.
std::vector<WantedEntry> wanted_entries(const Roots& roots, std::span<const RootRefRecord> refs) {
    std::vector<WantedEntry> wanted;
    wanted.reserve(refs.size() * 2);
    for (const auto& ref : refs) {
        if (roots.find(ref.child) == nullptr) {
            continue; // the reference is what is wrong
        }
        const u64 hash = name_hash(std::as_bytes(std::span(ref.name)));
        wanted.push_back({.key = {ref.dirid, btrfs::item_type::dir_item, hash}, .ref = &ref});
        wanted.push_back({.key = {ref.dirid, btrfs::item_type::dir_index, ref.sequence}, .ref = &ref});
    }
    std::ranges::sort(wanted, {}, [](const WantedEntry& entry) { return std::pair(entry.key, entry.ref->child); });
    return wanted;
}

/// Looks items up in ascending order of their keys; those of one leaf cost one descent.
class AscendingLookup {
public:
    AscendingLookup(const BlockReader& reader, const Promise& root) : cursor_(reader, root) {}

    /// The item's data, which lives until the next call; nothing where there is none.
    std::optional<Bytes> find(const btrfs::Key& key) {
        const bool is_in_leaf = cursor_.valid() && cursor_.leaf().key(cursor_.leaf().count() - 1) >= key;
        if (!is_in_leaf) {
            cursor_.seek(key);
        }
        while (cursor_.valid() && cursor_.key() < key) {
            cursor_.next();
        }
        return cursor_.valid() && cursor_.key() == key ? std::optional(cursor_.data()) : std::nullopt;
    }
    bool missed_items() const { return cursor_.missed_items(); }

private:
    Cursor cursor_;
};

void check_entry(Context& context, const WantedEntry& wanted, std::optional<Bytes> item, bool may_be_lost) {
    const auto& ref = *wanted.ref;
    const auto location = item ? entry_of_name(*item, ref.name) : std::nullopt;
    const Place place{.tree = ref.parent, .key = wanted.key, .inode = ref.dirid};
    if (!location) {
        const auto detail = fmt::format("\"{}\" of subvolume {}", printable(ref.name), objectid_text(ref.child));
        if (may_be_lost) {
            context.findings.report(ProblemCode::not_checked, place, "directory entry " + detail + ", perhaps lost");
        } else {
            context.findings.report(ProblemCode::root_entry_missing, place, detail);
        }
    } else if (location->type != btrfs::item_type::root_item || location->objectid != ref.child) {
        context.findings.report(ProblemCode::root_entry_unfounded, place,
                                fmt::format("\"{}\" leads to {}, but its reference to subvolume {}",
                                            printable(ref.name), key_text(*location), objectid_text(ref.child)));
    }
}

void check_entries_of(Context& context, const RootRecord& parent, std::span<const RootRefRecord> refs) {
    AscendingLookup lookup(context.filesystem.reader(), parent.root.block);
    for (const auto& wanted : wanted_entries(context.roots, refs)) {
        const auto item = lookup.find(wanted.key);
        check_entry(context, wanted, item, lookup.missed_items());
    }
}

} // namespace

void check_subvolume_entries(Context& context) {
    std::span<const RootRefRecord> rest = context.roots.refs;
    while (!rest.empty() && !context.run.stop.stop_requested()) {
        const u64 parent_id = rest.front().parent;
        const auto end = std::ranges::find_if(rest, [&](const auto& ref) { return ref.parent != parent_id; });
        const auto count = static_cast<std::size_t>(end - rest.begin());
        const auto* parent = context.roots.find(parent_id);
        if (parent != nullptr && !parent->is_dropping()) {
            check_entries_of(context, *parent, rest.first(count));
        }
        rest = rest.subspan(count);
    }
}

} // namespace btrkit::check
