// SPDX-License-Identifier: MIT
// Looking at source trees in tests.
#pragma once

#include "libfs/ops/source/adjust.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>

namespace btrkit::test {

inline u32 number_at(const source::SourceTree& tree, std::string_view path) {
    const Result<u32> inode = source::find_inode(tree, path);
    REQUIRE_MESSAGE(inode.has_value(), path);
    return *inode;
}

inline const source::SourceInode& inode_at(const source::SourceTree& tree, std::string_view path) {
    return tree.inodes[number_at(tree, path)];
}

/// [offset, offset + length) of the file.
inline Result<std::string> read_range(const source::SourceTree& tree, std::string_view path, u64 offset, u64 length) {
    std::string text(length, '?');
    BTRKIT_TRY(tree.content->read(inode_at(tree, path).content, offset, std::as_writable_bytes(std::span(text))));
    return text;
}

/// All of the file.
inline std::string text_of(const source::SourceTree& tree, std::string_view path) {
    const Result<std::string> text = read_range(tree, path, 0, inode_at(tree, path).size);
    REQUIRE_MESSAGE(text.has_value(), text.error().message);
    return *text;
}

inline std::optional<std::string> xattr_of(const source::SourceInode& inode, std::string_view name) {
    for (const source::Xattr& xattr : inode.xattrs) {
        if (xattr.name == name) {
            return xattr.value;
        }
    }
    return std::nullopt;
}

inline bool says(const Error& error, std::string_view text) {
    INFO(error.message);
    const bool found = error.message.find(text) != std::string::npos;
    CHECK_MESSAGE(found, "missing: ", text);
    return found;
}

} // namespace btrkit::test
