// SPDX-License-Identifier: MIT
// Files under fs-verity, as fsverity-utils would have them, as a plain computation has them, and as send reads them.
#include "libfs/edit/verity_editor.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/text_buffer.h"
#include "libfs/fs/file_data.h"
#include "libfs/fs/inode.h"
#include "libfs/ops/send/send.h"
#include "libfs/stream/decoder.h"
#include "tests/unit/edit/edit_bench.h"

#include <cstring>

#include <doctest/doctest.h>
#include <gcrypt.h>
#include <sys/stat.h>

namespace verity_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;

constexpr auto top = Edit::top;

struct Sample {
    std::size_t file_bytes = 0;
    VerityWish wish = {};
    /// What `fsverity digest --compact` of fsverity-utils 1.5 says of a file with such content.
    std::string_view digest;
};

const std::string short_salt = "Salz!";
const std::string long_salt = std::string(28, '\0') + "\x12\x34\x56\x78";

std::vector<Sample> samples() {
    const Bytes salt = bytes_of(short_salt);
    return {
        {0, {}, "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95"},
        {1, {}, "b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551"},
        {4096, {}, "fd2da0056dd5efbed78468c371717b57e71c7189bf2698a96bdefc4b14c875f3"},
        {8192, {}, "521524c46e1e715d8449ff920e1b48effc24dad550335579f1b0992b749bf98e"},
        // two levels: 128 hashes fill a block
        {129 * 4096, {}, "ae56cf63841413efd933df001cd71cbc29e00097134ec0a141e5701ab6d3ba97"},
        {12293, {.salt = salt}, "eb36be70ab28fc7103420736417188f44ba82111fc1968fb6516031b12dec6c1"},
        {8192, {.salt = bytes_of(long_salt)}, "a9e29a7a34a723cf17237b91f1914d4b515d2a85260594173675fdbeefa68d3a"},
        {65 * 4096 + 7,
         {.algorithm = 2},
         "7bbbffcebef8452452a9668e8ee075a40aad15cb8b6790b58cd6fd10092bae0a"
         "a01c7013d022a24f62584ed2c0cc5763f09234afaec6d94f3e6bd392be0264bc"},
        // three levels
        {300 * 1024 + 3,
         {.algorithm = 2, .block_bytes = 1024, .salt = salt},
         "573cea4195ec1197b79c4f7373143c4966f3e76194e9107c43f7a832516c7737"
         "f3f9dd93eac0354724a97200e1dfa2d838cd5c5415b4dece511d19f3fc3c2bee"},
        // more than is read in one piece
        {3 * mib + 5,
         {.block_bytes = 2048, .salt = salt},
         "c949d34b3a3d9b8767bdb91c44f76c5f6b1f83e419d167662d0c401772b02f4a"},
    };
}

std::string content(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) {
        text[i] = static_cast<char>(i * 31 + (i >> 12) * 17);
    }
    return text;
}

std::string text_of(Bytes bytes) {
    return std::string(as_text(bytes));
}

std::string hash(const VerityWish& wish, const std::string& text) {
    std::string out(wish.algorithm == 2 ? 64 : 32, '\0');
    gcry_md_hash_buffer(wish.algorithm == 2 ? GCRY_MD_SHA512 : GCRY_MD_SHA256, out.data(), text.data(), text.size());
    return out;
}

struct Hashes {
    std::string root;
    std::string tree;
};

/// Level by level, all in memory.
Hashes plain_hashes(std::string level, const VerityWish& wish) {
    std::string salt = text_of(wish.salt);
    const std::size_t unit = wish.algorithm == 2 ? 128 : 64;
    salt.resize((salt.size() + unit - 1) / unit * unit);
    Hashes all;
    if (level.empty()) {
        return {.root = std::string(unit / 2, '\0'), .tree = {}};
    }
    for (;;) {
        level.resize((level.size() + wish.block_bytes - 1) / wish.block_bytes * wish.block_bytes);
        std::string above;
        for (std::size_t at = 0; at < level.size(); at += wish.block_bytes) {
            above += hash(wish, salt + level.substr(at, wish.block_bytes));
        }
        if (level.size() == wish.block_bytes) {
            all.root = above;
            return all;
        }
        above.resize((above.size() + wish.block_bytes - 1) / wish.block_bytes * wish.block_bytes);
        all.tree = above + all.tree;
        level = above;
    }
}

PlaceInTree make_file(Edit& edit, const std::string& name, const std::string& holds, u64 flags = 0) {
    const auto file = edit.make(name, S_IFREG | 0644, flags);
    must(edit.data.write(file, 0, bytes_of(holds)));
    return file;
}

/// The bodies of an inode's items of that type from an offset on, one behind the other as their offsets say.
std::string joined(const Filesystem& filesystem, u64 inode, u8 item_type, u64 first_offset) {
    std::string all;
    Cursor cursor(filesystem.reader(), must(filesystem.find_tree(btrfs::fs_tree_id)).block);
    for (bool there = cursor.seek({inode, item_type, first_offset}); there; there = cursor.next()) {
        if (cursor.key().objectid != inode || cursor.key().type != item_type) {
            break;
        }
        CHECK(cursor.key().offset == first_offset + all.size());
        CHECK(cursor.data().size() <= 2048);
        all += as_text(cursor.data());
    }
    return all;
}

/// The digest of a file as fs-verity defines it: the hash of its descriptor, as if there were no signature.
std::string digest_of(btrfs::FsverityDescriptor descriptor, const VerityWish& wish) {
    descriptor.sig_size = 0;
    TextBuffer out;
    out.hex_bytes(bytes_of(hash(wish, text_of(as_bytes_of(descriptor)))));
    return std::string(out.view());
}

void check_file(const Filesystem& filesystem, const PlaceInTree& file, const std::string& holds, const VerityWish& wish,
                std::string_view digest) {
    const auto inode = must(read_inode(filesystem, {must(filesystem.find_tree(file.tree)), file.inode}));
    CHECK((inode.flags & btrfs::inode_ro_verity) != 0);
    const auto head_and_rest = joined(filesystem, file.inode, type::verity_desc_item, 1);
    const auto* descriptor = view_at<btrfs::FsverityDescriptor>(bytes_of(head_and_rest));
    REQUIRE(descriptor != nullptr);
    const auto plain = plain_hashes(holds, wish);
    const auto root = text_of(as_bytes_of(descriptor->root_hash));
    CHECK((root == plain.root + std::string(64 - plain.root.size(), '\0')));
    CHECK((joined(filesystem, file.inode, type::verity_merkle_item, 0) == plain.tree));
    CHECK(descriptor->data_size == holds.size());
    CHECK((head_and_rest.substr(sizeof(*descriptor)) == text_of(wish.signature)));
    CHECK(digest_of(*descriptor, wish) == digest);

    Cursor cursor(filesystem.reader(), must(filesystem.find_tree(file.tree)).block);
    REQUIRE(cursor.seek({file.inode, type::verity_desc_item, 0}));
    const auto* head = view_at<btrfs::VerityDescriptorItem>(cursor.data());
    REQUIRE(head != nullptr);
    CHECK(head->size == head_and_rest.size());
}

} // namespace

TEST_CASE("verity: hashes and descriptors are those that fsverity-utils makes") {
    const auto bench = empty_bench();
    std::vector<PlaceInTree> files;
    {
        Edit edit(bench);
        for (const auto& sample : samples()) {
            files.push_back(make_file(edit, std::to_string(files.size()), content(sample.file_bytes)));
            must(enable_verity(edit.inodes, edit.data, files.back(), sample.wish));
        }
        edit.commit();
    }
    const auto filesystem = bench.open();
    CHECK((filesystem.super().compat_ro_flags & btrfs::compat_ro_verity) != 0);
    CHECK(check_filesystem(bench.open()).findings.all().empty());
    for (std::size_t i = 0; i < files.size(); ++i) {
        const auto sample = samples()[i];
        CAPTURE(sample.file_bytes);
        check_file(filesystem, files[i], content(sample.file_bytes), sample.wish, sample.digest);
    }
}

TEST_CASE("verity: of what was there before, of holes, with a long signature, and with little room for what waits") {
    const auto bench = empty_bench();
    std::string holds = content(3 * mib + 5);
    std::fill_n(holds.begin() + mib, 65536, '\0');
    {
        Edit edit(bench);
        const auto file = make_file(edit, "file", holds);
        must(edit.data.punch(file, {mib, mib + 65536}));
        edit.commit();
        CHECK((bench.open().super().compat_ro_flags & btrfs::compat_ro_verity) == 0);
    }
    const std::string signature(16128, 's');
    const VerityWish wish = {.block_bytes = 1024, .signature = bytes_of(signature)};
    Edit edit(bench, {.waiting_bytes = 1000});
    const auto file = must(edit.files.directories().find("/file"));
    const auto before = must(edit.inodes.get(file));
    must(enable_verity(edit.inodes, edit.data, file, wish));
    CHECK(is_refused(edit.data.write(file, 0, bytes_of("x")), "verity"));
    CHECK(is_refused(enable_verity(edit.inodes, edit.data, file, {}), "already"));
    CHECK(must(edit.inodes.get(file)).mtime == before.mtime);
    CHECK(must(edit.inodes.get(file)).ctime == before.ctime);
    edit.commit();
    CHECK(check_filesystem(bench.open()).findings.all().empty());
    check_file(bench.open(), file, holds, wish, "46c7d07eb330b6d31c840f5618eb32bd0de3bf3a708a5e238448ee07e00af70b");
}

TEST_CASE("verity: what kernels would not take is refused, and leaves nothing") {
    const auto bench = empty_bench();
    Edit edit(bench);
    const auto file = make_file(edit, "file", "text");
    const auto enable = [&](const PlaceInTree& place, const VerityWish& wish) {
        return enable_verity(edit.inodes, edit.data, place, wish);
    };
    const std::string many(16129, 'x');
    for (const u8 algorithm : {u8{0}, u8{3}, u8{255}}) {
        CHECK(is_refused(enable(file, {.algorithm = algorithm}), "algorithm", ErrorKind::unsupported));
    }
    CHECK(is_refused(enable(file, {.block_bytes = 0}), "power of two", ErrorKind::usage));
    CHECK(is_refused(enable(file, {.block_bytes = 3000}), "power of two", ErrorKind::usage));
    CHECK(is_refused(enable(file, {.block_bytes = 512}), "1024 to 4096", ErrorKind::unsupported));
    CHECK(is_refused(enable(file, {.block_bytes = 8192}), "1024 to 4096", ErrorKind::unsupported));
    CHECK(is_refused(enable(file, {.salt = bytes_of(many).first(33)}), "salt", ErrorKind::usage));
    CHECK(is_refused(enable(file, {.signature = bytes_of(many)}), "signature", ErrorKind::usage));
    CHECK(is_refused(enable(top, {}), "no regular file"));
    CHECK(is_refused(enable({top.tree, 9999}, {}), "no inode", ErrorKind::not_found));
    must(edit.files.change_flags(file, btrfs::inode_append, 0));
    CHECK(is_refused(enable(file, {}), "append-only"));
    must(edit.files.change_flags(file, 0, btrfs::inode_append));
    // Of 4 TiB, with 16 hashes in each block, the tree has 8 levels; of more, 9.
    const auto large = edit.make("large", S_IFREG | 0644);
    must(edit.data.resize(large, 4096 * gib + 1));
    CHECK(is_refused(enable(large, {.algorithm = 2, .block_bytes = 1024}), "too large", ErrorKind::unsupported));
    edit.commit();
    CHECK((bench.open().super().compat_ro_flags & btrfs::compat_ro_verity) == 0);
    CHECK(check_filesystem(bench.open()).findings.all().empty());
    CHECK(joined(bench.open(), file.inode, type::verity_desc_item, 0).empty());
}

TEST_CASE("verity: what an interrupted attempt has left gives way, with its orphan item") {
    const auto bench = empty_bench();
    Edit edit(bench);
    const auto file = make_file(edit, "file", "text");
    auto& tree = *must(edit.transaction().tree(file.tree));
    const btrfs::Key orphan = {btrfs::orphan_objectid, type::orphan_item, file.inode};
    tree.put(orphan, Bytes{});
    for (const u64 offset : {0, 2048, 4096}) {
        tree.put({file.inode, type::verity_merkle_item, offset}, bytes_of(std::string(2048, 'm')));
    }
    tree.put({file.inode, type::verity_desc_item, 900}, bytes_of("d"));
    must(enable_verity(edit.inodes, edit.data, file, {}));
    CHECK_FALSE(must(tree.find(orphan)));
    edit.commit();
    CHECK(check_filesystem(bench.open()).findings.all().empty());
    check_file(bench.open(), file, "text", {}, "13e632279fd450ebc0a8a7cd5cf03e891daf1f65cceb8e20eb662c80da55879f");
}

TEST_CASE("verity: send tells it as it was wished") {
    const auto bench = empty_bench();
    const std::string signature(3000, 's');
    {
        Edit edit(bench);
        const auto file = make_file(edit, "file", "text");
        must(enable_verity(
            edit.inodes, edit.data, file,
            {.algorithm = 2, .block_bytes = 2048, .salt = bytes_of(short_salt), .signature = bytes_of(signature)}));
        edit.commit();
    }
    StringSink sink;
    must(send::run(bench.open(), nullptr, sink, {.subvolumes = {"5"}, .version = 3, .allow_writable = true}, {}));
    Bytes rest = bytes_of(sink.text());
    Decoder decoder([&](MutableBytes out) -> Result<std::size_t> {
        const Bytes part = rest.first(std::min(rest.size(), out.size()));
        std::ranges::copy(part, out.begin());
        rest = rest.subspan(part.size());
        return part.size();
    });
    CHECK(must(decoder.begin_stream()) == 3);
    for (;;) {
        const auto command = must(decoder.next());
        REQUIRE(command.command() != btrfs::send::Command::end);
        if (command.command() == btrfs::send::Command::enable_verity) {
            using btrfs::send::Attribute;
            CHECK(command.integer(Attribute::verity_algorithm) == 2);
            CHECK(command.integer(Attribute::verity_block_size) == 2048);
            CHECK((as_text(command.data(Attribute::verity_salt_data)) == short_salt));
            CHECK((as_text(command.data(Attribute::verity_sig_data)) == signature));
            break;
        }
    }
}

} // namespace verity_test
