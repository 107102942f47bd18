// SPDX-License-Identifier: MIT
#include "libfs/ops/edit_files/tree_putter.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/base/ordered_pipeline.h"
#include "libfs/edit/compression_property.h"
#include "libfs/edit/new_inode.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::edit_files {

namespace {

/// Errors of editors know names; here it is known where these stand.
std::unexpected<Error> at_path(const std::string& way, const Error& error) {
    return fail(error.kind, fmt::format("path {}: {}", printable(way), error.message));
}

} // namespace

TreePutter::TreePutter(InodeEditor& inodes, FileEditor& files, source::SourceTree& tree, CompressionMethod compression,
                       const RunContext& context)
    : inodes_(&inodes), files_(&files), tree_(&tree), compression_(compression), context_(context),
      places_(tree.inodes.size()) {}

Result<void> TreePutter::put_entries(u32 source_dir, const PlaceInTree& dir, const std::string& way) {
    levels_.push_back({.source_dir = source_dir, .dir = dir, .way = way});
    return put_levels();
}

Result<void> TreePutter::put(u32 source_inode, const NamedPlace& place, const std::string& way) {
    BTRKIT_TRY_ASSIGN(auto level, put_one(source_inode, place, way));
    if (level) {
        levels_.push_back(std::move(*level));
    }
    return put_levels();
}

Result<void> TreePutter::put_levels() {
    while (!levels_.empty()) {
        Level& level = levels_.back();
        const auto& entries = tree_->inodes[level.source_dir].entries;
        if (level.next == entries.size()) {
            BTRKIT_TRY(date_directory(level));
            levels_.pop_back();
            continue;
        }
        if (context_.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        const auto& entry = entries[level.next++];
        const NamedPlace place = {.dir = level.dir, .name = entry.name};
        BTRKIT_TRY_ASSIGN(auto below, put_one(entry.inode, place, level.way + '/' + entry.name));
        BTRKIT_TRY(inodes_->transaction().relieve());
        if (below) {
            levels_.push_back(std::move(*below));
        }
    }
    return {};
}

/// Returns the directory whose entries are next, if it is one.
Result<std::optional<TreePutter::Level>> TreePutter::put_one(u32 source_inode, const NamedPlace& place,
                                                             const std::string& way) {
    const bool is_directory = S_ISDIR(tree_->inodes[source_inode].mode);
    BTRKIT_TRY_ASSIGN(const auto there, files_->directories().find_entry(place.dir, place.name));
    if (there) {
        const auto old = FileEditor::Entry{.location = *there, .name = place.name}.place(place.dir.tree);
        BTRKIT_TRY_ASSIGN(const auto inode, inodes_->get(old));
        if (S_ISDIR(inode.mode) && is_directory) {
            return Level{.source_dir = source_inode, .dir = old, .way = way};
        }
        if (S_ISDIR(inode.mode) != is_directory) {
            return fail(ErrorKind::refused,
                        fmt::format("path {}: is {}, and can't become {}", printable(way),
                                    is_directory ? "a file" : "a directory", is_directory ? "a directory" : "a file"));
        }
        if (const auto done = files_->unlink(place); !done) {
            return at_path(way, done.error());
        }
    }
    auto& known = places_[source_inode];
    if (known && known->tree == place.dir.tree) {
        const auto done = files_->link(*known, place);
        return done ? Result<std::optional<Level>>() : at_path(way, done.error());
    }
    if (known) {
        // Hard links don't cross subvolumes: it becomes a file of its own here, once the other one is whole.
        BTRKIT_TRY(write_data());
    }
    const auto made = make(source_inode, place);
    if (!made) {
        return at_path(way, made.error());
    }
    known = *made;
    return is_directory ? std::optional(Level{.source_dir = source_inode, .dir = *made, .way = way, .is_new = true})
                        : std::nullopt;
}

Result<PlaceInTree> TreePutter::make(u32 source_inode, const NamedPlace& place) {
    auto& wanted = tree_->inodes[source_inode];
    BTRKIT_TRY_ASSIGN(const auto made, files_->create(place, {.mode = wanted.mode,
                                                              .uid = wanted.uid,
                                                              .gid = wanted.gid,
                                                              .device_major = wanted.device_major,
                                                              .device_minor = wanted.device_minor,
                                                              .flags = wanted.flags,
                                                              .atime = wanted.atime,
                                                              .mtime = wanted.mtime,
                                                              .xattrs = wanted.xattrs,
                                                              .link_target = wanted.link_target}));
    if (!S_ISREG(wanted.mode) || wanted.size == 0) {
        return made;
    }
    BTRKIT_TRY_ASSIGN(const auto inode, inodes_->get(made));
    BTRKIT_TRY_ASSIGN(const auto xattrs, files_->xattrs(made));
    const auto property = std::ranges::find(xattrs, compression_xattr, &Xattr::name);
    const auto method = compression_of(inode.flags, property == xattrs.end() ? "" : property->value, compression_);
    wanted.flags = inode.flags;
    auto group = std::ranges::find(to_fill_, method, [](const auto& entry) { return entry.first; });
    if (group == to_fill_.end()) {
        group = to_fill_.insert(to_fill_.end(), {method, {}});
    }
    group->second.push_back(source_inode);
    return made;
}

/// What was put into it has dated it.
Result<void> TreePutter::date_directory(const Level& level) {
    if (!level.is_new) {
        return {};
    }
    const auto& wanted = tree_->inodes[level.source_dir];
    return inodes_->change(level.dir, [&](btrfs::InodeItem& item) { item.mtime = timespec_of(wanted.mtime); });
}

Result<void> TreePutter::write_data() {
    for (const auto& [method, files] : std::exchange(to_fill_, {})) {
        BTRKIT_TRY(fill(files, method));
    }
    return {};
}

Result<void> TreePutter::fill(std::span<const u32> files, CompressionMethod method) {
    const auto& geometry = inodes_->transaction().geometry();
    source::BatchMaker maker(geometry, method, *tree_, files);
    DataPacker packer(geometry, method, DataDepth::contents);
    FileDataWriter writer(*inodes_);
    std::optional<u32> open; // whose data is being written
    Result<void> status;
    run_ordered(
        context_.parallelism, [&] { return context_.stop.stop_requested() ? nullptr : maker.next(); },
        [&](source::Batch& batch) {
            batch.status = read_batch(*tree_, batch);
            if (batch.status) {
                packer.pack(batch.data);
            }
        },
        [&](source::Batch& batch) {
            status = store(batch, writer, open);
            context_.progress.advance(batch.source_bytes);
            return status.has_value();
        });
    if (status && context_.stop.stop_requested()) {
        return fail(ErrorKind::cancelled, "stopped; nothing was changed");
    }
    BTRKIT_TRY(status);
    return open ? writer.finish(tree_->inodes[*open].size) : Result<void>();
}

Result<void> TreePutter::store(const source::Batch& batch, FileDataWriter& writer, std::optional<u32>& open) {
    BTRKIT_TRY(batch.status);
    for (const auto& step : batch.steps) {
        if (const auto done = store_step(batch, step, writer, open); !done) {
            return fail(done.error().kind,
                        fmt::format("{}: {}", printable(path_of(*tree_, step.source_inode)), done.error().message));
        }
    }
    return inodes_->transaction().relieve();
}

Result<void> TreePutter::store_step(const source::Batch& batch, const source::Step& step, FileDataWriter& writer,
                                    std::optional<u32>& open) {
    if (step.begins_inode) {
        if (open) {
            BTRKIT_TRY(writer.finish(tree_->inodes[*open].size));
        }
        open = step.source_inode;
        BTRKIT_TRY(writer.begin(*places_[step.source_inode]));
    }
    if (step.hole_length > 0) {
        BTRKIT_TRY(writer.add_hole(step.hole_offset, step.hole_length));
    }
    return step.piece ? writer.add_piece(batch.data, *step.piece) : Result<void>();
}

} // namespace btrkit::edit_files
