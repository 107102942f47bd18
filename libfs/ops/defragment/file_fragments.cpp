// SPDX-License-Identifier: MIT
#include "libfs/ops/defragment/file_fragments.h"

#include "libfs/survey/naming/paths.h"
#include "libfs/survey/read_roots.h"

#include <algorithm>

namespace btrkit::defragment {

namespace {

constexpr u64 name_cache_bytes = 16 * mib;

/// Pieces that stand side by side are one.
class PieceCount {
public:
    void add(Range disk) {
        count_ += count_ == 0 || disk.start != end_ ? 1 : 0;
        end_ = disk.end;
    }
    u64 count() const { return count_; }

private:
    u64 count_ = 0;
    u64 end_ = 0;
};

/// What a view of an extent takes on the devices; of what is packed all.
Range shown_bytes(Range disk, bool is_compressed, u64 begin, u64 end) {
    return is_compressed ? disk : Range{disk.start + begin, disk.start + end};
}

class FileCount {
public:
    void add(const DataExtent& extent, const Use& use, const ExtentLayout& layout) {
        bytes_ += use.end - use.begin;
        const Range now = shown_bytes(extent.disk, extent.is_compressed(), use.begin, use.end);
        before_.add(now);
        const auto parts = layout.parts_of(extent.disk.start);
        if (parts.empty()) {
            after_.add(now);
        }
        for (const auto& part : parts) {
            const u64 begin = std::max(use.begin, part.offset);
            const u64 end = std::min(use.end, part.end());
            if (begin < end) {
                const auto& laid = layout.extents()[part.target];
                const u64 offset = part.target_offset + (begin - part.offset);
                after_.add(shown_bytes(laid.disk, laid.compression != btrfs::Compression::none, offset,
                                       offset + (end - begin)));
            }
        }
    }

    FileFragments told(const SeenFile& file) const {
        return {.subvolume = file.tree,
                .inode = file.inode,
                .bytes = bytes_,
                .before = before_.count(),
                .after = after_.count()};
    }

private:
    u64 bytes_ = 0;
    PieceCount before_;
    PieceCount after_;
};

bool stands_before(const FileFragments& one, const FileFragments& other) {
    const auto rank = [](const FileFragments& file) {
        return std::tuple(file.after >= file.before, ~file.before, file.subvolume, file.inode);
    };
    return rank(one) < rank(other);
}

void name(const Filesystem& filesystem, std::vector<FileFragments>& files) {
    const auto roots = survey::read_roots(filesystem, {});
    survey::LimitedCache cache(filesystem.reader(), name_cache_bytes);
    survey::Paths paths(roots, cache);
    for (auto& file : files) {
        const auto* record = roots.find(file.subvolume);
        const auto names = record == nullptr ? std::vector<std::string>() : paths.of_inode(*record, file.inode);
        if (!names.empty()) {
            const auto& subvolume = paths.of_subvolume(file.subvolume);
            file.path = subvolume == "/" ? names.front() : subvolume + names.front();
        }
    }
}

} // namespace

std::vector<FileFragments> count_fragments(const Filesystem& filesystem, const DataExtents& extents, const Uses& uses,
                                           const ExtentLayout& layout, std::size_t most_files) {
    std::vector<FileFragments> files;
    for (std::size_t first = 0; first < uses.uses.size();) {
        const u32 number = uses.uses[first].file;
        FileCount count;
        std::size_t next = first;
        for (; next < uses.uses.size() && uses.uses[next].file == number; ++next) {
            count.add(extents[uses.uses[next].extent], uses.uses[next], layout);
        }
        const auto told = count.told(uses.files[number]);
        if (told.before > 1 || told.after > 1) {
            files.push_back(told);
        }
        first = next;
    }
    const std::size_t kept = std::min(most_files, files.size());
    std::ranges::partial_sort(files, files.begin() + static_cast<std::ptrdiff_t>(kept), stands_before);
    files.resize(kept);
    name(filesystem, files);
    return files;
}

} // namespace btrkit::defragment
