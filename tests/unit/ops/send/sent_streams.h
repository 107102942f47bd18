// SPDX-License-Identifier: MIT
// Sends in memory, and what a receiver of them must have.
#pragma once

#include "libfs/ops/send/send.h"
#include "libfs/ops/send/subvolume.h"
#include "tests/support/model_receiver.h"
#include "tests/support/open_filesystem.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::test {

/// The stream of a send that must work.
inline Result<std::string> send_stream(const Filesystem& filesystem, const Filesystem* parent_image,
                                       const send::Options& options, unsigned threads = 1) {
    StringSink sink;
    const auto report = send::run(filesystem, parent_image, sink, options, {.parallelism = {.threads = threads}});
    return report ? Result<std::string>(sink.text()) : std::unexpected(report.error());
}

/// What a subvolume has that is sent: without those that hang in it.
inline Result<TreeListing> list_sent(const Filesystem& filesystem, std::string_view name) {
    BTRKIT_TRY_ASSIGN(const auto subvolume, send::find_subvolume(filesystem, name));
    BTRKIT_TRY_ASSIGN(auto listing, list_image(filesystem, {.tree = subvolume.tree, .inode = btrfs::root_dir_inode}));
    std::vector<std::string> hanging;
    std::erase_if(listing, [&](const TreeRecord& record) {
        if (record.is_subvolume || record.is_placeholder) {
            hanging.push_back(record.path + '/');
        }
        return record.is_subvolume || record.is_placeholder ||
               std::ranges::any_of(hanging, [&](const auto& top) { return record.path.starts_with(top); });
    });
    for (auto& record : listing) {
        if (S_ISLNK(record.mode)) {
            record.mode = S_IFLNK | 0777; // as symlink(2) makes them
        }
    }
    return listing;
}

/// The first difference between what was received last and what was sent; empty: none. ATIME and CTIME no receiver can
/// have, holes may have become zeros, flags of new inodes are not sent, and times of creation only from version 2 on.
inline std::string difference(const ModelReceiver& receiver, const Filesystem& filesystem, std::string_view name,
                              u32 version) {
    const auto expected = list_sent(filesystem, name);
    if (!expected) {
        return expected.error().message;
    }
    std::set<std::string> ignored{"atime", "ctime", "ranges", "flags", "subvolume"};
    if (version < 2) {
        ignored.insert("otime");
    }
    const auto wrong = differences(*expected, receiver.list_last(), ignored);
    return wrong.empty() ? std::string() : fmt::format("{} ({} differences)", wrong.front(), wrong.size());
}

} // namespace btrkit::test
