// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/roots/paper_superblocks.h"

#include "libfs/volume/superblock_writer.h"

namespace btrkit::repair {

bool have_superblocks(const Overlaid& overlaid) {
    return std::ranges::all_of(overlaid.overlays, [](const auto& device) {
        Problems of_copies;
        const auto copies = read_superblock_copies(*device.second, of_copies);
        return speaking_copy(copies) != nullptr;
    });
}

Result<void> change_superblocks(Overlaid& overlaid, const std::function<void(btrfs::Superblock&)>& change,
                                Problems& told) {
    std::vector<btrfs::Superblock> supers;
    for (const auto& [devid, overlay] : overlaid.overlays) {
        Problems of_copies;
        const auto copies = read_superblock_copies(*overlay, of_copies);
        const auto* speaking = speaking_copy(copies);
        if (speaking == nullptr) {
            return fail(ErrorKind::damaged, overlay->name() + ": no valid superblock");
        }
        supers.push_back(speaking->super);
        change(supers.back());
    }
    BTRKIT_TRY(SuperblockWriter(overlaid.writable()).commit(supers));
    told.clear();
    auto devices = std::move(overlaid.filesystem.volume()).release_devices();
    BTRKIT_TRY_ASSIGN(overlaid.filesystem, Filesystem::open(std::move(devices), {},
                                                            [&](const Problem& problem) { told.push_back(problem); }));
    return {};
}

} // namespace btrkit::repair
