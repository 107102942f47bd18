// SPDX-License-Identifier: MIT
// A transaction with its editors, on a filesystem in memory.
#pragma once

#include "libfs/edit/file_data_editor.h"
#include "libfs/edit/file_editor.h"
#include "libfs/ops/commit/commit.h"
#include "tests/unit/ops/transaction_bench.h"

namespace btrkit::test {

class Edit {
public:
    static constexpr PlaceInTree top = {.tree = btrfs::fs_tree_id, .inode = btrfs::root_dir_inode};

    explicit Edit(const TransactionBench& bench, const TransactionOptions& options = {})
        : bench_(bench), filesystem_(bench.open()), transaction_(must(Transaction::begin(filesystem_, options))),
          inodes(transaction_, {.sec = 5000}), files(inodes), data(inodes) {}

    Transaction& transaction() { return transaction_; }
    PlaceInTree make(const std::string& name, u32 mode, u64 flags = 0) {
        return must(files.create({top, name}, {.mode = mode, .flags = flags}));
    }
    void commit() { must(commit::run(transaction_, bench_.writable(filesystem_), {}, {})); }

private:
    const TransactionBench& bench_;
    Filesystem filesystem_;
    Transaction transaction_;

public:
    InodeEditor inodes;
    FileEditor files;
    FileDataEditor data;
};

inline TransactionBench empty_bench(FilesystemKind kind = {.slack_bytes = 24 * mib}) {
    return {kind, mkfs::empty_source_tree({.sec = 1000})};
}

template <class T>
bool is_refused(const Result<T>& result, std::string_view says, ErrorKind kind = ErrorKind::refused) {
    REQUIRE_FALSE(result);
    CAPTURE(result.error().message);
    CHECK(result.error().kind == kind);
    return result.error().message.find(says) != std::string::npos;
}

inline Bytes bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

} // namespace btrkit::test
