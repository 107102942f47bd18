// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"

#include <map>

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

/// How many parents know each subvolume, by id.
using NameCounts = std::map<u64, u64>;

std::string text_of(const RootRefRecord& ref) {
    return fmt::format("\"{}\" in directory {}, sequence {}", printable(ref.name), ref.dirid, ref.sequence);
}

/// Compares references in both directions. What is missing is told only if nothing of the root tree was lost.
class References {
public:
    explicit References(Context& context) : roots_(context.roots), findings_(context.findings) {}

    NameCounts check() {
        // Both lists in the order of (child, parent).
        std::vector<const RootRefRecord*> refs;
        refs.reserve(roots_.refs.size());
        for (const auto& ref : roots_.refs) {
            refs.push_back(&ref);
        }
        std::ranges::sort(refs, {}, [](const auto* ref) { return order(*ref); });
        auto ref = refs.begin();
        auto back = roots_.backrefs.begin();
        while (ref != refs.end() || back != roots_.backrefs.end()) {
            const bool has_ref = ref != refs.end() && (back == roots_.backrefs.end() || order(**ref) <= order(*back));
            const bool has_back = back != roots_.backrefs.end() && (ref == refs.end() || order(*back) <= order(**ref));
            check_pair(has_ref ? *ref : nullptr, has_back ? &*back : nullptr);
            ref += has_ref ? 1 : 0;
            back += has_back ? 1 : 0;
        }
        return std::move(counts_);
    }

private:
    static std::pair<u64, u64> order(const RootRefRecord& ref) { return {ref.child, ref.parent}; }

    /// One of the two may be null.
    void check_pair(const RootRefRecord* ref, const RootRefRecord* back) {
        const auto& any = ref != nullptr ? *ref : *back;
        ++counts_[any.child];
        if (ref != nullptr && back != nullptr && !ref->says_the_same(*back)) {
            findings_.report(ProblemCode::root_ref_differs, ref->place(),
                             fmt::format("{}; back: {}", text_of(*ref), text_of(*back)));
        }
        if (!roots_.complete) {
            return;
        }
        for (const u64 id : {any.child, any.parent}) {
            if (roots_.find(id) == nullptr) {
                findings_.report(ProblemCode::root_missing, any.place(), "subvolume " + objectid_text(id));
                return;
            }
        }
        if (ref == nullptr) {
            findings_.report(ProblemCode::root_ref_missing, back->place(),
                             fmt::format("subvolume {} in {}", any.child, objectid_text(any.parent)));
        } else if (back == nullptr) {
            findings_.report(ProblemCode::root_backref_missing, ref->place(),
                             fmt::format("subvolume {} in {}", any.child, objectid_text(any.parent)));
        }
    }

    const Roots& roots_;
    Findings& findings_;
    NameCounts counts_;
};

/// Whether a subvolume is as much alive as its root item says.
void check_reference_count(Context& context, const RootRecord& record, u64 name_count) {
    const u32 refs = record.item.refs;
    const auto report = [&](ProblemCode code, std::string detail) {
        context.findings.report(code, record.place, std::move(detail));
    };
    if (record.id() == btrfs::fs_tree_id) {
        if (refs == 0) {
            report(ProblemCode::root_refs, "0, but the top-level tree can't be deleted");
        }
        return;
    }
    const bool has_orphan = std::ranges::binary_search(context.roots.orphans, record.id());
    if (refs == 0 && name_count != 0) {
        report(ProblemCode::root_refs, fmt::format("subvolume {}: 0, but {} refer to it", record.id(), name_count));
    } else if (refs == 0) {
        if (has_orphan) {
            report(ProblemCode::root_dropping, fmt::format("subvolume {}", record.id()));
        } else {
            report(ProblemCode::root_orphan_missing, fmt::format("subvolume {}", record.id()));
        }
    } else if (name_count == 0) {
        report(ProblemCode::root_ref_missing, fmt::format("subvolume {}: no directory has it", record.id()));
    } else if (refs != name_count) {
        report(ProblemCode::root_refs,
               fmt::format("subvolume {}: {}, but {} refer to it", record.id(), refs, name_count));
    }
}

void check_orphans(Context& context) {
    for (const u64 id : context.roots.orphans) {
        const Place place{.tree = btrfs::root_tree_id,
                          .key = btrfs::Key{btrfs::orphan_objectid, btrfs::item_type::orphan_item, id}};
        const auto* record = context.roots.find(id);
        if (record != nullptr && record->is_subvolume() && !record->is_dropping()) {
            context.findings.report(ProblemCode::orphan_unfounded, place, "the subvolume is not deleted");
        } else if (record == nullptr && !std::ranges::binary_search(context.roots.inodes, id)) {
            context.findings.report(ProblemCode::orphan_unfounded, place, "nor a subvolume");
        }
    }
}

void check_default(Context& context) {
    const auto& chosen = context.roots.default_subvolume;
    if (!chosen) {
        return;
    }
    const auto* record = context.roots.find(chosen->id);
    if (record == nullptr ? context.roots.complete : !record->is_subvolume() || record->is_dropping()) {
        context.findings.report(ProblemCode::root_default, chosen->place,
                                fmt::format("subvolume {}", objectid_text(chosen->id)));
    }
}

void check_received(Context& context, const RootRecord& record) {
    const bool is_writable = (record.item.flags & btrfs::root_subvol_rdonly) == 0;
    if (is_writable && !record.is_dropping() && !record.item.received_uuid.is_null()) {
        context.findings.report(ProblemCode::root_received_writable, record.place,
                                fmt::format("subvolume {}, received uuid {}", objectid_text(record.id()),
                                            uuid_text(record.item.received_uuid)));
    }
}

/// Whether a directory of a tree has an entry that no reference knows. A snapshot has the entries that its source had:
/// they lead nowhere, and rightly so. owner: of the leaf that the entry stands in.
bool is_unfounded(const Context& context, const SubvolumeEntry& entry) {
    const auto* owner = context.roots.find(entry.owner);
    if (owner == nullptr || owner->is_dropping() || owner->is_snapshot()) {
        return false;
    }
    const auto knows = [&](const RootRefRecord* ref) {
        return ref != nullptr && ref->dirid == entry.dirid && ref->name == entry.name &&
               (entry.index == 0 || ref->sequence == entry.index);
    };
    return !knows(context.roots.find_ref(entry.owner, entry.child)) &&
           !knows(context.roots.find_backref(entry.owner, entry.child));
}

btrfs::Key entry_key(const SubvolumeEntry& entry) {
    const u64 hash = name_hash(std::as_bytes(std::span(entry.name)));
    return entry.index == 0 ? btrfs::Key{entry.dirid, btrfs::item_type::dir_item, hash}
                            : btrfs::Key{entry.dirid, btrfs::item_type::dir_index, entry.index};
}

void check_found_entries(Context& context) {
    for (const auto& entry : context.subvolume_entries) {
        if (is_unfounded(context, entry)) {
            context.findings.report(
                ProblemCode::root_entry_unfounded,
                {.logical = entry.leaf, .tree = entry.owner, .key = entry_key(entry), .inode = entry.dirid},
                fmt::format("\"{}\" leads to subvolume {}", printable(entry.name), objectid_text(entry.child)));
        }
    }
}

/// A subvolume's root block is its own, though all other blocks may be shared.
void check_root_blocks(Context& context) {
    constexpr std::size_t batch_size = 32;
    const auto& reader = context.filesystem.reader();
    std::vector<const RootRecord*> records;
    for (const auto& record : context.roots.records) {
        if (record.is_subvolume()) {
            records.push_back(&record);
        }
    }
    std::vector<std::byte> buffer(std::min(batch_size, records.size()) * reader.nodesize());
    for (std::span<const RootRecord* const> rest = records; !rest.empty() && !context.run.stop.stop_requested();) {
        const auto batch = rest.first(std::min(batch_size, rest.size()));
        std::vector<Promise> promises;
        for (const auto* record : batch) {
            promises.push_back(record->root.block);
        }
        const auto blocks = reader.read_many(promises, MutableBytes(buffer).first(batch.size() * reader.nodesize()));
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (blocks[i].proven && blocks[i].block().header().owner != batch[i]->id()) {
                context.findings.report(ProblemCode::root_item_differs, batch[i]->place,
                                        fmt::format("the root block of subvolume {} belongs to {}",
                                                    objectid_text(batch[i]->id()),
                                                    objectid_text(blocks[i].block().header().owner)));
            }
        }
        rest = rest.subspan(batch.size());
    }
}

} // namespace

void check_subvolumes(Context& context) {
    const auto counts = References(context).check();
    for (const auto& record : context.roots.records) {
        if (!record.is_subvolume()) {
            continue;
        }
        check_received(context, record);
        if (context.roots.complete) {
            const auto count = counts.find(record.id());
            check_reference_count(context, record, count == counts.end() ? 0 : count->second);
        }
    }
    if (context.roots.complete) {
        check_orphans(context);
        check_found_entries(context);
    } else {
        context.findings.report(ProblemCode::not_checked, {.tree = btrfs::root_tree_id},
                                "whether subvolumes and references between them are missing: part of the root tree "
                                "is lost");
    }
    check_default(context);
    check_root_blocks(context);
    check_subvolume_entries(context);
    check_uuid_tree(context);
}

} // namespace btrkit::check
