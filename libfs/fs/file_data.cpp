// SPDX-License-Identifier: MIT
#include "libfs/fs/file_data.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"

#include <climits>
#include <fmt/format.h>

namespace btrkit {

FileReader::FileReader(const Filesystem& filesystem, ProblemSink report)
    : filesystem_(&filesystem), reader_(filesystem, std::move(report)) {}

void FileReader::open(const InodePlace& place, const Inode& inode) {
    place_ = place;
    verify_ = inode.has_checksums();
    extents_.emplace(*filesystem_, place, inode);
    extent_.reset();
}

Result<std::optional<FileRun>> FileReader::next() {
    auto run = next_run();
    if (!run) {
        extents_.reset();
        extent_.reset();
    }
    return run;
}

Result<std::optional<FileRun>> FileReader::next_run() {
    if (!extent_ || told_ == extent_->length) {
        auto extent = extents_ ? extents_->next() : std::nullopt;
        if (!extent || !*extent) {
            extent_.reset();
            return extent ? Result<std::optional<FileRun>>(std::nullopt) : std::unexpected(extent.error());
        }
        extent_ = std::move(*extent);
        told_ = 0;
    }
    FileRun run{.offset = extent_->offset + told_, .length = extent_->length - told_};
    if (extent_->is_data()) {
        run.length = std::min(run.length, most_run_bytes);
        const auto bytes = data_of(*extent_, told_, run.length);
        if (!bytes) {
            return fail(bytes.error().kind,
                        fmt::format("inode {} of tree {}, file offset {}: {}", place_.inode,
                                    objectid_text(place_.tree.id), run.offset, bytes.error().message));
        }
        run.bytes = *bytes;
    }
    told_ += run.length;
    return run;
}

Result<Bytes> FileReader::data_of(const FileExtent& extent, u64 into_extent, u64 length) {
    // The file may end within a sector; a run never begins within one.
    const u64 whole = round_up(length, filesystem_->geometry().sectorsize);
    read_.resize(std::max(read_.size(), std::size_t{whole}));
    BTRKIT_TRY(reader_.read(extent, verify_, into_extent, MutableBytes(read_).first(whole)));
    return Bytes(read_).first(length);
}

Result<std::string> read_symlink(FileReader& reader, const InodePlace& place, const Inode& inode) {
    if (inode.size == 0 || inode.size >= PATH_MAX) {
        const btrfs::Key key{place.inode, btrfs::item_type::inode_item, 0};
        return std::unexpected(
            item_error(ProblemCode::item_inode, place.tree.id, key, fmt::format("symlink of {} bytes", inode.size)));
    }
    BTRKIT_TRY_ASSIGN(const auto first, FileExtents(reader.filesystem(), place, inode).next());
    if (first && first->kind == ExtentKind::inline_data && !first->is_compressed()) {
        const auto stored = as_text(first->inline_bytes);
        return std::string(stored.substr(0, std::min<u64>(first->ram_bytes, PATH_MAX - 1)));
    }
    std::string target;
    reader.open(place, inode);
    auto run = reader.next();
    for (; run && *run; run = reader.next()) {
        const auto& [offset, length, bytes] = **run;
        target += bytes.empty() ? std::string(length, '\0') : std::string(as_text(bytes));
    }
    return run ? Result<std::string>(std::move(target)) : std::unexpected(run.error());
}

} // namespace btrkit
