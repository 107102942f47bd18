// SPDX-License-Identifier: MIT
#include "libfs/ops/check/files/name_diff.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/fs/inode.h"
#include "libfs/ops/check/files/name_records.h"
#include "libfs/survey/scan/tree_rescan.h"

#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::check {

using namespace survey;

namespace {

namespace type = btrfs::item_type;
using Form = NameRecord::Form;

/// One form of a name, small: whether all three agree can be told from these.
struct Trace {
    u64 name = 0; ///< hash of parent, child and name
    u64 index = 0;
    Form form = Form::dir_item;

    friend auto operator<=>(const Trace&, const Trace&) = default;
};

struct InodeTrace {
    u64 inode = 0;
    u8 file_type = 0;
    bool has_links = false;
    bool has_orphan_item = false;
};

u64 name_id(const NameRecord& record, u64 seed) {
    const u64 name = hash_bytes(record.name, seed).low;
    return hash_words<3>({record.parent, record.child, name}, seed).low;
}

/// Where one form of a bad name stands.
struct Sighting {
    Form form = Form::dir_item;
    u64 parent = 0;
    u64 child = 0;
    u64 index = 0;
    std::string name;
    Place place;
};

/// Names and inodes whose number leaves that rest; all of an inode's names are in one part.
struct Part {
    u64 count = 1;
    u64 rest = 0;
    bool has(u64 inode) const { return inode % count == rest; }
};

class NameDiff {
public:
    NameDiff(Context& context, const ScanRoot& root, Part part)
        : context_(context), root_(root), part_(part), seed_(context.options.hash_seed) {}

    void find() {
        collect_traces();
        find_bad_names();
        find_bad_inodes();
        collect_sightings();
        for (const auto& [id, sightings] : sightings_) {
            judge(sightings);
        }
    }

private:
    void collect_traces() {
        rescan_leaves(context_, root_, [this](const LeafVisit& leaf) {
            for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
                const auto key = leaf.block.key(slot);
                const Bytes body = leaf.block.item_data(slot);
                if (key.type == type::inode_item) {
                    trace_inode(key, body);
                } else if (key.type == type::orphan_item && key.objectid == btrfs::orphan_objectid &&
                           part_.has(key.offset)) {
                    orphans_.push_back(key.offset);
                } else {
                    for_each_of_part(key, body, [this](const NameRecord& record) {
                        traces_.push_back({name_id(record, seed_), record.index, record.form});
                    });
                }
            }
        });
        std::ranges::sort(traces_);
        std::ranges::sort(orphans_);
    }

    /// The names in an item, of whatever type, of inodes of this part; those only that must stand in three places.
    template <class Visit>
    void for_each_of_part(const btrfs::Key& key, Bytes body, Visit&& visit) const {
        if (key.type != type::dir_item && key.type != type::dir_index && key.type != type::inode_ref &&
            key.type != type::inode_extref) {
            return;
        }
        for_each_name(key, body, [&](const NameRecord& record, const btrfs::DirItem* entry) {
            if (part_.has(record.child) && !is_self_ref(record) && !is_subvolume_entry(entry)) {
                visit(record);
            }
        });
    }

    void trace_inode(const btrfs::Key& key, Bytes body) {
        const auto* item = view_at<btrfs::InodeItem>(body);
        if (item != nullptr && item->nlink == 0 && S_ISDIR(item->mode) &&
            deleted_directories_.size() < Findings::kept_of_each_code) {
            deleted_directories_.insert(key.objectid);
        }
        if (item != nullptr && part_.has(key.objectid)) {
            inodes_.push_back({.inode = key.objectid,
                               .file_type = static_cast<u8>(file_type_of(item->mode)),
                               .has_links = item->nlink != 0});
        }
    }

    const InodeTrace* find_inode(u64 number) const {
        const auto found = std::ranges::lower_bound(inodes_, number, {}, &InodeTrace::inode);
        return found == inodes_.end() || found->inode != number ? nullptr : &*found;
    }

    /// Sound: one of each form, and one index.
    static bool is_sound(std::span<const Trace> traces) {
        std::array<u64, 3> index{};
        std::array<unsigned, 3> count{};
        for (const auto& trace : traces) {
            const auto form = static_cast<std::size_t>(trace.form);
            ++count[form];
            index[form] = trace.index;
        }
        return count == std::array{1U, 1U, 1U} &&
               index[static_cast<std::size_t>(Form::dir_index)] == index[static_cast<std::size_t>(Form::inode_ref)];
    }

    void find_bad_names() {
        for (std::size_t begin = 0; begin < traces_.size();) {
            std::size_t end = begin;
            while (end < traces_.size() && traces_[end].name == traces_[begin].name) {
                ++end;
            }
            if (!is_sound(std::span(traces_).subspan(begin, end - begin)) &&
                bad_.size() < Findings::kept_of_each_code) {
                bad_.insert(traces_[begin].name);
            }
            begin = end;
        }
        traces_.clear();
        traces_.shrink_to_fit();
    }

    void find_bad_inodes() {
        for (const auto& inode : inodes_) {
            if (!inode.has_links && !std::ranges::binary_search(orphans_, inode.inode)) {
                report(ProblemCode::orphan_missing, {.tree = root_.root.id, .inode = inode.inode}, "");
            }
        }
        for (const u64 orphan : orphans_) {
            if (find_inode(orphan) == nullptr) {
                report(ProblemCode::orphan_unfounded, {.tree = root_.root.id, .inode = orphan}, "");
            }
        }
    }

    /// The names that don't agree, and those with another file type than their inode.
    void collect_sightings() {
        rescan_leaves(context_, root_, [this](const LeafVisit& leaf) {
            for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
                for_each_of_part(leaf.block.key(slot), leaf.block.item_data(slot),
                                 [&](const NameRecord& record) { see(record, leaf, slot); });
            }
        });
    }

    void see(const NameRecord& record, const LeafVisit& leaf, u32 slot) {
        const auto place = [&] {
            Place found = leaf.place(slot);
            found.inode = record.child;
            return found;
        };
        if (record.form != Form::inode_ref) {
            const auto* inode = find_inode(record.child);
            if (inode != nullptr && inode->file_type != record.file_type) {
                report(ProblemCode::dir_entry_type, place(),
                       fmt::format("\"{}\" in directory {} has type {}, but the inode has {}",
                                   printable(as_text(record.name)), record.parent, record.file_type, inode->file_type));
            }
        }
        const u64 id = name_id(record, seed_);
        if (!bad_.contains(id)) {
            return;
        }
        sightings_[id].push_back({.form = record.form,
                                  .parent = record.parent,
                                  .child = record.child,
                                  .index = record.index,
                                  .name = std::string(as_text(record.name)),
                                  .place = place()});
    }

    void report(ProblemCode code, Place place, std::string detail) {
        context_.findings.add({.code = code, .place = std::move(place), .detail = std::move(detail)});
    }

    void judge(const std::vector<Sighting>& all) {
        const auto first_of = [&](Form form) -> const Sighting* {
            const auto found = std::ranges::find(all, form, &Sighting::form);
            return found == all.end() ? nullptr : &*found;
        };
        const auto* item = first_of(Form::dir_item);
        const auto* index = first_of(Form::dir_index);
        const auto* ref = first_of(Form::inode_ref);
        const auto& any = all.front();
        if (deleted_directories_.contains(any.parent) && ref == nullptr && find_inode(any.child) != nullptr) {
            return; // both wait to be deleted
        }
        const auto name = fmt::format("\"{}\" in directory {}", printable(any.name), any.parent);
        if (find_inode(any.child) == nullptr && ref == nullptr) {
            report(ProblemCode::inode_missing, any.place, name);
            return;
        }
        if (ref == nullptr) {
            report(ProblemCode::inode_ref_missing, any.place, name);
        }
        if (item == nullptr) {
            report(ProblemCode::dir_item_missing, any.place, name);
        }
        if (index == nullptr) {
            report(ProblemCode::dir_index_missing, any.place, name);
        } else if (const auto* twin = surplus_index(all); twin != nullptr) {
            report(ProblemCode::dir_name_twice, twin->place, fmt::format("{}, as index {}", name, twin->index));
        } else if (ref != nullptr && ref->index != index->index) {
            report(ProblemCode::dir_index_differs, index->place,
                   fmt::format("{}: index {} in the directory, {} in the inode", name, index->index, ref->index));
        }
    }

    /// Of several indexes of a name the first that the inode's reference does not know, if it knows one; else the last.
    static const Sighting* surplus_index(const std::vector<Sighting>& all) {
        const auto is_known = [&](const Sighting& index) {
            return std::ranges::any_of(all, [&](const Sighting& other) {
                return other.form == Form::inode_ref && other.index == index.index;
            });
        };
        const Sighting* last = nullptr;
        const Sighting* unknown = nullptr;
        std::size_t count = 0;
        for (const auto& sighting : all) {
            if (sighting.form == Form::dir_index) {
                ++count;
                last = &sighting;
                unknown = unknown == nullptr && !is_known(sighting) ? &sighting : unknown;
            }
        }
        return count < 2 ? nullptr : unknown != nullptr ? unknown : last;
    }

    Context& context_;
    const ScanRoot& root_;
    Part part_;
    u64 seed_;
    std::vector<Trace> traces_;
    std::vector<InodeTrace> inodes_;
    std::vector<u64> orphans_;
    std::unordered_set<u64> deleted_directories_; ///< those that are still there
    std::unordered_set<u64> bad_;
    std::map<u64, std::vector<Sighting>> sightings_;
};

} // namespace

void find_name_differences(Context& context, const ScanRoot& root) {
    // Three traces and an inode for each file. context.file_count is never less than what one tree has.
    const u64 wanted_bytes = context.file_count * (3 * sizeof(Trace) + sizeof(InodeTrace));
    Part part{.count = 1 + wanted_bytes / (context.run.memory_bytes / 2 + 1)};
    for (part.rest = 0; part.rest < part.count; ++part.rest) {
        NameDiff(context, root, part).find();
    }
}

} // namespace btrkit::check
