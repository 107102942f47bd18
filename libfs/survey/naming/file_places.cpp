// SPDX-License-Identifier: MIT
#include "libfs/survey/naming/file_places.h"

#include "libfs/fs/stored_extent.h"
#include "libfs/survey/naming/leaf_search.h"
#include "libfs/survey/naming/paths.h"
#include "libfs/survey/naming/reach.h"

namespace btrkit::survey {

namespace {

/// The file extent that a hit is about, without names.
std::optional<FilePlace> place_of(LimitedCache& cache, const LeafHit& hit) {
    const auto leaf = cache.get({.address = hit.leaf});
    if (!leaf || !leaf->block().is_leaf()) {
        return std::nullopt;
    }
    const auto& block = leaf->block();
    for (u32 slot = 0; slot < block.count(); ++slot) {
        if (block.key(slot) != hit.key) {
            continue;
        }
        const auto stored = stored_extent(block.item_data(slot));
        if (!stored) {
            return std::nullopt;
        }
        return FilePlace{.inode = hit.key.objectid,
                         .subvolume = {},
                         .path = {},
                         .file_offset = hit.key.offset,
                         .extent = stored->whole(),
                         .extent_offset_bytes = stored->range.offset,
                         .length_bytes = stored->range.num_bytes,
                         .compression = stored->head.compression};
    }
    return std::nullopt;
}

} // namespace

FilePlaces places_of_data(Survey& survey, std::span<const Range> ranges, std::size_t most) {
    std::vector<Question> questions;
    for (const Range range : ranges) {
        questions.push_back({.data = range});
    }
    const Hits hits = search_leaves(survey, questions);
    LimitedCache cache(survey.filesystem.reader(), survey.run.memory_bytes / 8);
    Reach reach(survey.roots, cache);
    Paths paths(survey.roots, cache);
    FilePlaces found;
    const auto add = [&](FilePlace place, const RootRecord& subvolume, std::string path) {
        if (found.places.size() == most) {
            found.is_cut = true;
            return;
        }
        place.tree = subvolume.id();
        place.subvolume = paths.of_subvolume(subvolume.id());
        place.path = std::move(path);
        found.places.push_back(std::move(place));
    };
    const auto add_hit = [&](const LeafHit& hit) {
        const auto place = place_of(cache, hit);
        if (!place) {
            return true;
        }
        for (const u32 number : reach.of(hit.leaf, hit.key)) {
            const auto& subvolume = *reach.subvolumes()[number];
            auto names = paths.of_inode(subvolume, hit.key.objectid);
            if (names.empty()) {
                names.emplace_back();
            }
            for (auto& path : names) {
                add(*place, subvolume, std::move(path));
            }
        }
        return !found.is_cut && !cache.is_exhausted();
    };
    for (const Range range : ranges) {
        hits.data.for_each(range, add_hit);
    }
    found.is_cut |= cache.is_exhausted() || hits.data.is_full() || hits.has_lost;
    return found;
}

} // namespace btrkit::survey
