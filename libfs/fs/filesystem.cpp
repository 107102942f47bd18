// SPDX-License-Identifier: MIT
#include "libfs/fs/filesystem.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/fs/stripe_tree.h"

#include <fmt/format.h>

namespace btrkit {

std::optional<TreeRoot> parse_root_item(const btrfs::Key& key, Bytes body) {
    if (body.size() < btrfs::legacy_root_item_size) {
        return std::nullopt;
    }
    btrfs::RootItem item;
    std::memcpy(&item, body.data(), std::min(body.size(), sizeof(item)));
    return TreeRoot{
        .id = key.objectid,
        .root_key = key,
        .block = {.address = {item.bytenr}, .generation = item.generation, .level = item.level, .tree = key.objectid}};
}

WholeRootItem whole_root_item(Bytes body) {
    WholeRootItem whole;
    std::memcpy(static_cast<void*>(&whole.item), body.data(), std::min(body.size(), sizeof(whole.item)));
    whole.is_legacy = body.size() < sizeof(whole.item) || whole.item.generation_v2 != whole.item.generation;
    if (whole.is_legacy) {
        btrfs::RootItem kept;
        std::memcpy(static_cast<void*>(&kept), &whole.item, btrfs::legacy_root_item_size);
        whole.item = kept;
    }
    return whole;
}

Filesystem::Filesystem(Volume volume)
    : volume_(std::make_unique<Volume>(std::move(volume))), reader_(std::make_unique<BlockReader>(*volume_)),
      root_tree_{.id = btrfs::root_tree_id,
                 .root_key = {},
                 .block = {.address = {super().root},
                           .generation = super().generation,
                           .level = super().root_level,
                           .tree = btrfs::root_tree_id}},
      chunk_tree_{.id = btrfs::chunk_tree_id,
                  .root_key = {},
                  .block = {.address = {super().chunk_root},
                            .generation = super().chunk_root_generation,
                            .level = super().chunk_root_level,
                            .tree = btrfs::chunk_tree_id}} {}

Result<Filesystem> Filesystem::open_with(std::vector<std::unique_ptr<BlockDevice>> devices,
                                         const FilesystemOptions& options, const ProblemSink& report) {
    BTRKIT_TRY_ASSIGN(auto volume, Volume::open(std::move(devices), options.volume, report));
    Filesystem filesystem(std::move(volume));
    BTRKIT_TRY(filesystem.choose_root(filesystem.chunk_tree_, options.chunk_root, options.backup_roots));
    // A metadata dump of the first kind maps everything by the system array alone; its chunk tree is that of the
    // filesystem it was taken from.
    if ((filesystem.geometry().super_flags & btrfs::super_flag_metadump) == 0) {
        filesystem.load_chunk_tree(report);
    }
    BTRKIT_TRY(filesystem.choose_root(filesystem.root_tree_, options.tree_root, options.backup_roots));
    filesystem.volume_->report_devices(report);
    return filesystem;
}

bool Filesystem::has_readable_roots() const {
    const bool needs_chunk_tree = (geometry().super_flags & btrfs::super_flag_metadump) == 0;
    return (!needs_chunk_tree || OwnedBlock(*reader_, chunk_tree_.block).is_proven()) &&
           OwnedBlock(*reader_, root_tree_.block).is_proven();
}

Result<Filesystem> Filesystem::open(std::vector<std::unique_ptr<BlockDevice>> devices, const FilesystemOptions& options,
                                    const ProblemSink& report) {
    const bool is_chosen = options.volume.super_mirror || options.tree_root || options.chunk_root;
    FilesystemOptions attempt = options;
    Problems problems;
    const auto open_attempt = [&] {
        problems.clear();
        return open_with(std::move(devices), attempt, [&](const Problem& problem) { problems.push_back(problem); });
    };
    auto opened = open_attempt();
    for (unsigned mirror = 1; opened && !is_chosen && !opened->has_readable_roots(); ++mirror) {
        const bool was_last = mirror == btrfs::superblock_offsets.size();
        devices = std::move(*opened->volume_).release_devices();
        attempt.volume.preferred_mirror = was_last ? 0 : mirror;
        opened = open_attempt();
        if (was_last) {
            break;
        }
    }
    if (opened && attempt.volume.preferred_mirror != 0) {
        problems.push_back({ProblemCode::super_mirror_used,
                            {},
                            fmt::format("mirror {}, of generation {}", attempt.volume.preferred_mirror,
                                        u64{opened->super().generation})});
    }
    std::ranges::for_each(problems, report);
    return opened;
}

Result<TreeRoot> Filesystem::read_root_at(u64 tree, Logical address) const {
    const OwnedBlock block(*reader_, {.address = address, .tree = tree});
    if (!block.is_proven()) {
        return fail(ErrorKind::damaged,
                    fmt::format("no root of tree {} can be read at {}", objectid_text(tree), address.bytenr));
    }
    const auto& header = block.block().header();
    return TreeRoot{
        .id = tree,
        .root_key = {},
        .block = {.address = address, .generation = header.generation, .level = header.level, .tree = tree}};
}

Result<void> Filesystem::choose_root(TreeRoot& root, const std::optional<Logical>& wanted, bool backup_roots) const {
    if (wanted) {
        BTRKIT_TRY_ASSIGN(auto found, read_root_at(root.id, *wanted));
        root = found;
        return {};
    }
    if (!backup_roots || OwnedBlock(*reader_, root.block).is_proven()) {
        return {};
    }
    auto backups = super().backup_roots;
    std::ranges::sort(backups, std::ranges::greater{}, [](const auto& backup) { return u64{backup.tree_root_gen}; });
    for (const auto& backup : backups) {
        const u64 address = root.id == btrfs::root_tree_id ? backup.tree_root : backup.chunk_root;
        if (const auto found = read_root_at(root.id, {address})) {
            root = *found;
            return {};
        }
    }
    return {};
}

void Filesystem::load_chunk_tree(const ProblemSink& report) {
    Cursor cursor(*reader_, chunk_tree().block);
    for (bool there = cursor.seek(btrfs::Key::min()); there; there = cursor.next()) {
        const auto key = cursor.key();
        if (key.type == btrfs::item_type::dev_item) {
            if (const auto* item = view_at<btrfs::DevItem>(cursor.data())) {
                volume_->add_device_item(*item);
            }
        } else if (key.type == btrfs::item_type::chunk_item) {
            Problems problems = check_chunk(key, cursor.data(), geometry());
            const auto chunk = parse_chunk(key, cursor.data());
            if (chunk && !volume_->add_chunk(*chunk)) {
                problems.push_back({ProblemCode::chunk_overlap, {.logical = chunk->start}, "it is left out"});
            }
            for (auto& problem : problems) {
                problem.place.tree = btrfs::chunk_tree_id;
                problem.place.key = key;
                report(problem);
            }
        }
    }
    for (const auto& problem : cursor.damage()) {
        report(problem);
    }
}

std::optional<TreeRoot> Filesystem::log_root_tree() const {
    if (super().log_root == 0) {
        return std::nullopt;
    }
    return TreeRoot{.id = btrfs::tree_log_id,
                    .root_key = {},
                    .block = {.address = {super().log_root},
                              .generation = super().generation + 1,
                              .level = super().log_root_level,
                              .tree = btrfs::tree_log_id}};
}

Result<TreeRoot> Filesystem::find_tree(u64 id) const {
    const auto not_there = [&] { return fail(ErrorKind::not_found, fmt::format("no tree {}", objectid_text(id))); };
    if (id == btrfs::root_tree_id) {
        return root_tree();
    }
    if (id == btrfs::chunk_tree_id) {
        return chunk_tree();
    }
    if (id == btrfs::tree_log_id) {
        const auto log = log_root_tree();
        return log ? Result<TreeRoot>(*log) : not_there();
    }
    Cursor cursor(*reader_, root_tree().block);
    const bool there = cursor.seek({id, btrfs::item_type::root_item, 0}) && cursor.key().objectid == id &&
                       cursor.key().type == btrfs::item_type::root_item;
    if (!there) {
        return cursor.missed_items() ? fail(ErrorKind::damaged, describe(cursor.damage().back())) : not_there();
    }
    const auto root = parse_root_item(cursor.key(), cursor.data());
    return root ? Result<TreeRoot>(*root)
                : fail(ErrorKind::damaged, "root item of tree " + objectid_text(id) + " is cut short");
}

Result<void> Filesystem::read_data(Logical at, MutableBytes out, unsigned mirror) const {
    const auto* chunk = volume_->chunks().find(at);
    const bool by_stripe_tree =
        chunk != nullptr && geometry().has_incompat(btrfs::incompat_raid_stripe_tree) && uses_stripe_tree(*chunk);
    if (!by_stripe_tree) {
        return volume_->read(at, out, mirror);
    }
    BTRKIT_TRY_ASSIGN(const auto root, find_tree(btrfs::raid_stripe_tree_id));
    const StripeTree stripes(*reader_, root.block);
    while (!out.empty()) {
        BTRKIT_TRY_ASSIGN(const auto run, stripes.find(at, out.size(), mirror));
        BTRKIT_TRY(volume_->read_physical(run.place, out.first(run.length)));
        at = at + run.length;
        out = out.subspan(run.length);
    }
    return {};
}

} // namespace btrkit
