// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/files/stretch.h"

namespace btrkit::usage {

FileSums& FileSums::operator+=(const FileSums& other) {
    file_count += other.file_count;
    inline_count += other.inline_count;
    fragment_count += other.fragment_count;
    files_with_data += other.files_with_data;
    fragmented_files += other.fragmented_files;
    for (std::size_t kind = 0; kind < data_kind_count; ++kind) {
        inline_uses[kind] += other.inline_uses[kind];
    }
    return *this;
}

void FileSums::add(const FilePart& file) {
    if (!file.is_file()) {
        return;
    }
    ++file_count;
    inline_count += file.inline_count;
    fragment_count += file.fragment_count;
    files_with_data += file.has_data ? 1 : 0;
    fragmented_files += file.fragment_count > 1 ? 1 : 0;
    inline_uses[static_cast<std::size_t>(file.inline_kind)] += {.disk_bytes = file.inline_disk_bytes,
                                                                .uncompressed_bytes = file.inline_ram_bytes,
                                                                .referenced_bytes = file.inline_ram_bytes};
}

void Stretch::settle_one(const FilePart& file, const SettleFile& settle) {
    sums.add(file);
    if (settle && file.is_file()) {
        settle(file);
    }
}

Stretch Stretch::of(std::span<const FilePart> parts, const SettleFile& settle) {
    Stretch stretch;
    if (parts.empty()) {
        return stretch;
    }
    stretch.first = parts.front();
    if (parts.size() > 1) {
        stretch.last = parts.back();
        for (const auto& part : parts.subspan(1, parts.size() - 2)) {
            stretch.settle_one(part, settle);
        }
    }
    return stretch;
}

void Stretch::append(const Stretch& later, const SettleFile& settle) {
    if (!later.first) {
        return;
    }
    sums += later.sums;
    if (!first) {
        first = later.first;
        last = later.last;
        return;
    }
    auto& border = last ? *last : *first;
    if (border.inode == later.first->inode) {
        border.append(*later.first);
        if (!later.last) {
            return;
        }
    } else if (!later.last) {
        if (last) {
            settle_one(*last, settle);
        }
        last = later.first;
        return;
    } else {
        settle_one(*later.first, settle);
    }
    if (last) {
        settle_one(*last, settle);
    }
    last = later.last;
}

void Stretch::close(const SettleFile& settle) {
    for (auto* open : {&first, &last}) {
        if (*open) {
            settle_one(**open, settle);
            open->reset();
        }
    }
}

} // namespace btrkit::usage
