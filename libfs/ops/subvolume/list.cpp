// SPDX-License-Identifier: MIT
#include "libfs/ops/subvolume/list.h"

#include "libfs/survey/subvolume.h"

namespace btrkit::subvolume {

namespace {

bool is_wanted(const SubvolumeInfo& subvolume, const ListOptions& options, u64 from) {
    const auto accepts = [](u64 value) {
        return [value](const GenerationFilter& filter) { return filter.accepts(value); };
    };
    return subvolume.id() != btrfs::fs_tree_id && subvolume.is_deleted() == options.deleted &&
           (options.scope != ListScope::children || subvolume.parent_id == from) &&
           (!options.snapshots_only || subvolume.root.is_snapshot()) &&
           (!options.read_only_only || subvolume.is_read_only()) &&
           std::ranges::all_of(options.generations, accepts(subvolume.root.item.generation)) &&
           std::ranges::all_of(options.generations_made, accepts(subvolume.generation_made()));
}

/// prefix: what is left out of a path that begins with it.
std::string listed_path(const SubvolumeInfo& subvolume, std::string_view prefix) {
    if (subvolume.is_deleted()) {
        return "DELETED";
    }
    return subvolume.path.starts_with(prefix) ? subvolume.path.substr(prefix.size()) : subvolume.path;
}

template <class T>
int order(const T& left, const T& right) {
    return left < right ? -1 : static_cast<int>(right < left);
}

int order_by(SortKey key, const ListedSubvolume& left, const ListedSubvolume& right) {
    const auto& a = left.subvolume;
    const auto& b = right.subvolume;
    switch (key) {
    case SortKey::generation_made: return order(a.generation_made(), b.generation_made());
    case SortKey::generation: return order(u64{a.root.item.generation}, u64{b.root.item.generation});
    case SortKey::path: return order(left.listed_path, right.listed_path);
    case SortKey::id: break;
    }
    return order(a.id(), b.id());
}

} // namespace

bool GenerationFilter::accepts(u64 value) const {
    switch (comparison) {
    case Comparison::at_least: return value >= generation;
    case Comparison::at_most: return value <= generation;
    case Comparison::equal: break;
    }
    return value == generation;
}

Result<ListReport> list(const Filesystem& filesystem, const ListOptions& options, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const auto from, survey::find_subvolume(filesystem, options.from));
    BTRKIT_TRY_ASSIGN(const auto subvolumes, AllSubvolumes::read(filesystem, context));
    const auto* top = subvolumes.find(from.id());
    const auto is_below = subvolumes.below(from.id());
    const std::string prefix = top != nullptr && top->path != "/" ? top->path + "/" : "/";
    ListReport report{.subvolumes = {}, .is_complete = subvolumes.is_complete()};
    for (std::size_t i = 0; i < subvolumes.all().size(); ++i) {
        const auto& subvolume = subvolumes.all()[i];
        if (is_wanted(subvolume, options, from.id())) {
            const bool is_relative = options.scope == ListScope::all && is_below[i];
            const bool is_marked = options.scope == ListScope::marked && subvolume.parent_id != from.id();
            report.subvolumes.push_back(
                {.subvolume = subvolume,
                 .listed_path = (is_marked ? "<FS_TREE>/" : "") + listed_path(subvolume, is_relative ? prefix : "/")});
        }
    }
    std::ranges::sort(report.subvolumes, [&](const ListedSubvolume& left, const ListedSubvolume& right) {
        for (const auto& by : options.sort) {
            if (const int ordered = order_by(by.key, left, right); ordered != 0) {
                return by.descending ? ordered > 0 : ordered < 0;
            }
        }
        return left.subvolume.id() < right.subvolume.id();
    });
    return report;
}

} // namespace btrkit::subvolume
