// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/copy_places.h"

#include "libfs/volume/stripe_map.h"

namespace btrkit::survey {

CopyPlaces::CopyPlaces(const Filesystem& filesystem) : volume_(filesystem.volume()) {
    if (filesystem.geometry().has_incompat(btrfs::incompat_raid_stripe_tree)) {
        if (const auto root = filesystem.find_tree(btrfs::raid_stripe_tree_id)) {
            stripes_.emplace(filesystem.reader(), root->block);
        }
    }
}

Result<CopyRun> CopyPlaces::find(const Chunk& chunk, Logical at, u64 length, unsigned mirror) const {
    if (!is_by_tree(chunk)) {
        const StripeRun run = map_stripe(chunk, at, length, mirror);
        return CopyRun{.place = run.physical, .length = run.length};
    }
    BTRKIT_TRY_ASSIGN(const auto run, stripes_->find(at, length, mirror));
    return CopyRun{.place = run.place, .length = run.length};
}

Result<void> CopyPlaces::read(const Chunk& chunk, Logical at, MutableBytes out, unsigned mirror) const {
    if (!is_by_tree(chunk)) {
        return volume_.read(at, out, mirror);
    }
    while (!out.empty()) {
        BTRKIT_TRY_ASSIGN(const auto run, find(chunk, at, out.size(), mirror));
        BTRKIT_TRY(volume_.read_physical(run.place, out.first(run.length)));
        at = at + run.length;
        out = out.subspan(run.length);
    }
    return {};
}

bool CopyPlaces::has_device(u64 devid) const {
    return volume_.device_of(devid) != nullptr;
}

} // namespace btrkit::survey
