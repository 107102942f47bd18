// SPDX-License-Identifier: MIT
// Other names with the same hash, and what is hidden in items and blocks.
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/ops/dump_image/hide.h"
#include "libfs/ops/dump_image/hide_items.h"
#include "libfs/ops/dump_image/other_name.h"
#include "tests/support/build_leaf.h"

#include <random>
#include <string>

#include <doctest/doctest.h>

namespace dump_image_names_test {

using namespace btrkit;
using namespace btrkit::test;
using dump_image::Privacy;

namespace {

std::string other_name(std::string name) {
    dump_image::put_other_name(std::as_writable_bytes(std::span(name)));
    return name;
}

u64 hash_of(const std::string& name) {
    return name_hash(std::as_bytes(std::span(name)));
}

bool are_letters(const std::string& name) {
    return std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

template <class Head>
std::vector<std::byte> with_name(Head head, std::string_view name, std::string_view data = {}) {
    head.name_len = static_cast<u16>(name.size());
    auto body = bytes_of(as_text(as_bytes_of(head)));
    for (const auto text : {name, data}) {
        const auto more = bytes_of(text);
        body.insert(body.end(), more.begin(), more.end());
    }
    return body;
}

std::vector<std::byte> hidden(u8 type, std::vector<std::byte> body, Privacy privacy, u64 owner = btrfs::fs_tree_id,
                              bool is_sound = true) {
    dump_image::hide_in_item({.key = {257, type, 0}, .owner = owner, .is_sound = is_sound}, body, privacy);
    return body;
}

std::string_view text_of(const std::vector<std::byte>& bytes, std::size_t from) {
    return as_text(Bytes(bytes)).substr(from);
}

} // namespace

TEST_CASE("another name has the same length and hash, with any seed, and is always the same") {
    std::mt19937 random(1);
    for (std::size_t length = 0; length <= 255; ++length) {
        for (int i = 0; i < 20; ++i) {
            std::string name(length, '\0');
            for (char& c : name) {
                do {
                    c = static_cast<char>(random());
                } while (c == '\0' || c == '/');
            }
            const auto other = other_name(name);
            CAPTURE(length);
            REQUIRE(other.size() == length);
            REQUIRE(hash_of(other) == hash_of(name));
            REQUIRE(extref_hash(12345, std::as_bytes(std::span(other))) ==
                    extref_hash(12345, std::as_bytes(std::span(name))));
            REQUIRE(other.find('/') == other.npos);
            REQUIRE(other.find('\0') == other.npos);
            REQUIRE(other == other_name(name));
            REQUIRE((other != name) == (length > dump_image::longest_kept_name));
            if (length > 6) {
                REQUIRE(are_letters(other));
            }
        }
    }
}

TEST_CASE("names of one hash and length get different other names") {
    const auto once = other_name("a-long-name-of-a-file");
    CHECK(once != other_name(once));
    CHECK(hash_of(once) == hash_of(other_name(once)));
}

TEST_CASE("what is hidden in items") {
    using namespace btrfs::item_type;
    const auto entry = with_name(btrfs::DirItem{}, "secret-file");
    CHECK(hidden(dir_item, entry, Privacy::contents) == entry);
    for (const u8 type : {dir_item, dir_index}) {
        CHECK(text_of(hidden(type, entry, Privacy::names), sizeof(btrfs::DirItem)) == other_name("secret-file"));
    }
    CHECK(hidden(dir_item, with_name(btrfs::DirItem{}, "default"), Privacy::names, btrfs::root_tree_id) ==
          with_name(btrfs::DirItem{}, "default"));
    CHECK(text_of(hidden(inode_ref, with_name(btrfs::InodeRef{}, "secret-file"), Privacy::names),
                  sizeof(btrfs::InodeRef)) == other_name("secret-file"));
    CHECK(text_of(hidden(inode_extref, with_name(btrfs::InodeExtref{}, "secret-file"), Privacy::names),
                  sizeof(btrfs::InodeExtref)) == other_name("secret-file"));
    for (const u8 type : {root_ref, root_backref}) {
        CHECK(text_of(hidden(type, with_name(btrfs::RootRef{}, "secret-file"), Privacy::names, btrfs::root_tree_id),
                      sizeof(btrfs::RootRef)) == other_name("secret-file"));
    }
    // A name that the item cuts off has no hash; and what stands behind all names is nobody's.
    auto cut = with_name(btrfs::InodeRef{}, "secret-file");
    cut.pop_back();
    CHECK(text_of(hidden(inode_ref, cut, Privacy::names), sizeof(btrfs::InodeRef)) == "xxxxxxxxxx");
    auto behind = with_name(btrfs::InodeRef{}, "secret-file");
    behind.insert(behind.end(), 3, std::byte{'s'});
    CHECK(text_of(hidden(inode_ref, behind, Privacy::names), sizeof(btrfs::InodeRef)) ==
          other_name("secret-file") + "xxx");
}

TEST_CASE("what is hidden of attributes") {
    const auto attribute = [](std::string_view name, std::string_view value, Privacy privacy) {
        btrfs::DirItem head;
        head.data_len = static_cast<u16>(value.size());
        const auto body = hidden(btrfs::item_type::xattr_item, with_name(head, name, value), privacy);
        return std::string(text_of(body, sizeof(head)));
    };
    CHECK(attribute("user.private", "value", Privacy::contents) == "user.privatevalue");
    CHECK(attribute("user.private", "value", Privacy::names) == "user." + other_name("private") + "xxxxx");
    CHECK(hash_of("user." + other_name("private")) == hash_of("user.private"));
    CHECK(attribute("security.selinux", "value", Privacy::names) == "security.selinuxxxxxx");
    CHECK(attribute("btrfs.compression", "zstd", Privacy::names) == "btrfs.compressionzstd");
    CHECK(attribute("system.posix_acl_access", "acl", Privacy::names) == "system.posix_acl_accessacl");
    CHECK(attribute("without-a-dot", "v", Privacy::names) == other_name("without-a-dot") + "x");
}

TEST_CASE("what is hidden of file extents, and of what nobody knows") {
    using namespace btrfs::item_type;
    auto body = bytes_of(as_text(as_bytes_of(btrfs::FileExtentHead{}))); // inline
    const auto head = body;
    const auto data = bytes_of("what the file holds, which is longer than a range of an extent would be");
    body.insert(body.end(), data.begin(), data.end());
    for (const auto privacy : {Privacy::contents, Privacy::names}) {
        const auto now = hidden(extent_data, body, privacy);
        CHECK(text_of(now, 0).starts_with(as_text(head)));
        CHECK(text_of(now, head.size()) == std::string(data.size(), 'x'));
        // One that says to be none keeps what those have.
        auto other = body;
        other[offsetof(btrfs::FileExtentHead, type)] = std::byte{1};
        CHECK(text_of(hidden(extent_data, other, privacy), btrfs::file_extent_item_size) ==
              std::string(other.size() - btrfs::file_extent_item_size, 'x'));
    }
    constexpr u8 unknown = 99;
    CHECK(hidden(unknown, data, Privacy::contents) == data);
    CHECK(hidden(unknown, data, Privacy::contents, btrfs::fs_tree_id, false) ==
          std::vector<std::byte>(data.size(), std::byte{'x'}));
    CHECK(hidden(unknown, data, Privacy::names) == std::vector<std::byte>(data.size(), std::byte{'x'}));
}

TEST_CASE("an item of a damaged leaf is hidden whatever one flipped bit has made of its type or tree") {
    using namespace btrfs::item_type;
    const std::string secret = "secret-file";
    struct Case {
        u8 type;
        std::vector<std::byte> body;
        u64 owner;
    };
    const std::vector<Case> cases{{dir_item, with_name(btrfs::DirItem{}, secret), 256},
                                  {dir_index, with_name(btrfs::DirItem{}, secret), btrfs::fs_tree_id},
                                  {inode_ref, with_name(btrfs::InodeRef{}, secret), 256},
                                  {inode_extref, with_name(btrfs::InodeExtref{}, secret), 256},
                                  {root_ref, with_name(btrfs::RootRef{}, secret), btrfs::root_tree_id},
                                  {root_backref, with_name(btrfs::RootRef{}, secret), btrfs::root_tree_id},
                                  {xattr_item, with_name(btrfs::DirItem{}, "user.a", secret), 256},
                                  {dir_item, with_name(btrfs::DirItem{}, secret), btrfs::tree_log_id}};
    for (const auto& [type, body, owner] : cases) {
        for (unsigned bit = 0; bit < 8 + 64; ++bit) {
            CAPTURE(static_cast<unsigned>(type));
            CAPTURE(bit);
            const u8 now = bit < 8 ? static_cast<u8>(type ^ (1U << bit)) : type;
            const u64 tree = bit < 8 ? owner : owner ^ (u64{1} << (bit - 8));
            const auto text = std::string(text_of(hidden(now, body, Privacy::names, tree, false), 0));
            CHECK(text.find(secret.substr(0, 5)) == text.npos);
            CHECK(text.find(secret.substr(5)) == text.npos);
        }
    }
}

TEST_CASE("a block keeps its items, loses what stands beside them, and its checksum stays right or wrong") {
    const auto geometry = sample_geometry();
    const BlockIdentity identity;
    const auto leaf = build_leaf(geometry, identity,
                                 {{{256, btrfs::item_type::inode_ref, 256}, with_name(btrfs::InodeRef{}, "..")},
                                  {{257, btrfs::item_type::dir_log_index, 0}, bytes_of("8 bytes!")}});
    auto stale = leaf;
    stale[2000] = std::byte{'s'}; // between headers and bodies
    seal_block(geometry, stale);
    auto spoiled = stale;
    spoiled.front() ^= std::byte{1};
    for (auto* block : {&stale, &spoiled}) {
        const bool was_sound = dump_image::is_sound(*block, identity.address, geometry);
        CHECK(was_sound == (block == &stale));
        auto kept = *block;
        dump_image::hide_in_block(kept, identity.address, geometry, Privacy::nothing);
        CHECK(kept == *block);
        dump_image::hide_in_block(*block, identity.address, geometry, Privacy::contents);
        CHECK((*block)[2000] == std::byte{0});
        CHECK(dump_image::is_recognizable(*block, identity.address, geometry));
        CHECK(dump_image::is_sound(*block, identity.address, geometry) == was_sound);
    }
    auto expected = leaf;
    seal_block(geometry, expected);
    CHECK(stale == expected);
    CHECK(std::equal(spoiled.begin() + 4, spoiled.begin() + 1000, expected.begin() + 4));
    CHECK((spoiled.front() ^ std::byte{1}) == expected.front());
}

TEST_CASE("of a leaf that a flipped bit has made a node no bodies are kept") {
    const auto geometry = sample_geometry();
    const BlockIdentity identity;
    std::vector<LeafItem> items;
    for (u64 i = 0; i < 40; ++i) {
        items.push_back({{257, btrfs::item_type::extent_data, i * 4096}, bytes_of(std::string(70, 's'))});
    }
    auto block = build_leaf(geometry, identity, items);
    seal_block(geometry, block);
    block[offsetof(btrfs::TreeBlockHeader, level)] = std::byte{1};
    dump_image::hide_in_block(block, identity.address, geometry, Privacy::contents);
    CHECK(as_text(block).find("ssss") == std::string_view::npos);
}

TEST_CASE("what is no tree block") {
    std::vector<std::byte> zeros(4096);
    dump_image::hide_foreign(zeros, Privacy::contents);
    CHECK(zeros == std::vector<std::byte>(4096));
    auto text = bytes_of("something of a file");
    const auto before = text;
    dump_image::hide_foreign(text, Privacy::nothing);
    CHECK(text == before);
    dump_image::hide_foreign(text, Privacy::contents);
    CHECK(text == std::vector<std::byte>(before.size(), std::byte{'x'}));
}

} // namespace dump_image_names_test
