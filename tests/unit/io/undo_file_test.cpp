// SPDX-License-Identifier: MIT
// Undo files: what was saved comes back, and no byte of a file can be lost or changed without that being told.
#include "formats/undo/undo_file.h"
#include "libfs/io/undo_reader.h"
#include "libfs/io/undo_writer.h"
#include "tests/support/effort.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temporary_folder.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace undo_file_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 device_bytes = u64{16} << 20;
constexpr u64 first_super = btrfs::superblock_offsets.front();

UndoIdentity identity_of(unsigned device_count) {
    UndoIdentity identity{.old_generation = 7, .new_generation = 8};
    identity.fsid.bytes.fill(1);
    identity.tree_fsid.bytes.fill(2);
    for (unsigned i = 1; i <= device_count; ++i) {
        UndoDevice device{.devid = i, .size_bytes = device_bytes};
        device.uuid.bytes.fill(static_cast<u8>(10 + i));
        identity.devices.push_back(device);
    }
    return identity;
}

std::vector<std::byte> filled(std::size_t count, unsigned value) {
    return std::vector<std::byte>(count, static_cast<std::byte>(value));
}

Result<void> save_first_superblocks(UndoWriter& undo) {
    for (const auto& device : undo.identity().devices) {
        const auto number = static_cast<unsigned>(device.devid);
        BTRKIT_TRY(undo.save_superblock(device.devid, first_super, filled(4096, number), filled(4096, 100 + number)));
    }
    return {};
}

/// A small file with a record of each kind.
std::string small_file(const std::string& path) {
    auto undo = UndoWriter::create(path, identity_of(1), {});
    REQUIRE_MESSAGE(undo, undo.error().message);
    REQUIRE(undo->save(1, 4096, pattern_bytes(100)));
    REQUIRE(undo->note_born({.devid = 1, .offset = 8192, .address = 12345, .generation = 8, .length_bytes = 4096}));
    REQUIRE(save_first_superblocks(*undo));
    REQUIRE(undo->seal());
    return path;
}

std::vector<std::byte> bytes_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

ErrorKind why_unreadable(const std::string& path) {
    const auto reader = UndoReader::open(path);
    REQUIRE_FALSE(reader);
    CHECK(reader.error().message.starts_with(path + ": "));
    return reader.error().kind;
}

} // namespace

TEST_CASE("what was saved is handed out again, in order, whatever its size") {
    const TemporaryFolder folder;
    const auto path = folder / "undo";
    const auto large = pattern_bytes((std::size_t{5} << 20) + 123);
    constexpr u64 born_count = 3000;
    {
        auto undo = UndoWriter::create(path, identity_of(2), {});
        REQUIRE(undo);
        REQUIRE(undo->save(2, 1000, large));
        REQUIRE(undo->save(1, 0, {}));
        for (u64 i = 0; i < born_count; ++i) {
            REQUIRE(undo->note_born(
                {.devid = 1 + i % 2, .offset = i * 4096, .address = i * 7, .generation = 8, .length_bytes = 4096}));
        }
        REQUIRE(save_first_superblocks(*undo));
        REQUIRE(undo->save(1, 8, filled(3, 9)));
        REQUIRE(undo->seal());
    }
    const auto reader = UndoReader::open(path);
    REQUIRE_MESSAGE(reader, reader.error().message);
    CHECK(reader->is_sealed());
    REQUIRE(reader->identity());
    CHECK(reader->identity()->fsid == identity_of(2).fsid);
    CHECK(reader->identity()->tree_fsid == identity_of(2).tree_fsid);
    CHECK(reader->identity()->old_generation == 7);
    CHECK(reader->identity()->new_generation == 8);
    REQUIRE(reader->identity()->devices.size() == 2);
    CHECK(reader->identity()->device(2)->uuid == identity_of(2).devices[1].uuid);
    CHECK(reader->identity()->device(3) == nullptr);
    REQUIRE(reader->superblocks().size() == 2);
    CHECK(reader->superblocks()[1].before == filled(4096, 2));
    CHECK(reader->superblocks()[1].after == filled(4096, 102));
    CHECK(reader->pre_image_bytes() == large.size() + 3);
    CHECK(reader->born_count() == born_count);

    std::vector<std::byte> together;
    u64 next = 1000;
    REQUIRE(reader->for_each_pre_image([&](const PreImage& image) -> Result<void> {
        if (image.devid == 2) {
            CHECK(image.offset == next);
            CHECK(image.bytes.size() <= undo_format::max_body_bytes);
            together.insert(together.end(), image.bytes.begin(), image.bytes.end());
            next += image.bytes.size();
        } else {
            CHECK(image.offset == 8);
            CHECK(image.bytes.size() == 3);
        }
        return {};
    }));
    CHECK(together == large);
    u64 count = 0;
    REQUIRE(reader->for_each_born([&](const BornBlock& block) -> Result<void> {
        CHECK(block.offset == count * 4096);
        CHECK(block.address == count * 7);
        CHECK(block.devid == 1 + count % 2);
        ++count;
        return {};
    }));
    CHECK(count == born_count);
    const auto stopped = reader->for_each_born([](const BornBlock&) { return fail(ErrorKind::cancelled, "enough"); });
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().kind == ErrorKind::cancelled);
}

TEST_CASE("an undo file is new, and not where it would be lost") {
    const TemporaryFolder folder;
    const auto path = small_file(folder / "undo");
    const auto before = bytes_of_file(path);
    const auto again = UndoWriter::create(path, identity_of(1), {});
    REQUIRE_FALSE(again);
    CHECK(again.error().kind == ErrorKind::usage);
    CHECK(bytes_of_file(path) == before);

    write_file(folder / "image", "bytes of an image");
    const auto on_image = UndoWriter::create(folder / "image", identity_of(1), {folder / "image"});
    REQUIRE_FALSE(on_image);
    CHECK(on_image.error().kind == ErrorKind::refused);
    const auto in_dev = UndoWriter::create("/dev/btrkit-undo-test", identity_of(1), {});
    REQUIRE_FALSE(in_dev);
    CHECK(in_dev.error().kind == ErrorKind::refused);
    const auto nowhere = UndoWriter::create(folder / "no/undo", identity_of(1), {});
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().kind == ErrorKind::usage);
    const auto crowded = UndoWriter::create(folder / "many", identity_of(undo_format::max_device_count + 1), {});
    REQUIRE_FALSE(crowded);
    CHECK(crowded.error().kind == ErrorKind::unsupported);
    CHECK_FALSE(std::filesystem::exists(folder / "many"));
}

TEST_CASE("a file that was not sealed goes away, and so does one that was given up") {
    const TemporaryFolder folder;
    {
        auto undo = UndoWriter::create(folder / "undo", identity_of(1), {});
        REQUIRE(undo);
        CHECK(std::filesystem::exists(folder / "undo"));
        // Its identity is there from the first moment on.
        const auto reader = UndoReader::open(folder / "undo");
        REQUIRE(reader);
        CHECK_FALSE(reader->is_sealed());
        REQUIRE(reader->identity());
        CHECK(reader->identity()->new_generation == 8);
        const UndoWriter moved = std::move(*undo);
    }
    CHECK_FALSE(std::filesystem::exists(folder / "undo"));
    auto undo = UndoWriter::create(folder / "undo", identity_of(1), {});
    REQUIRE(undo);
    REQUIRE(save_first_superblocks(*undo));
    REQUIRE(undo->seal());
    REQUIRE(undo->remove());
    CHECK_FALSE(std::filesystem::exists(folder / "undo"));
}

TEST_CASE("where the host is full nothing is sealed, and no file is left") {
    const TemporaryFolder folder;
    for (const rlim_t room : {rlim_t{0}, rlim_t{100}, rlim_t{1000}, rlim_t{9000}}) {
        CAPTURE(room);
        const FileSizeLimit limit(room);
        const auto all = [&]() -> Result<void> {
            BTRKIT_TRY_ASSIGN(auto undo, UndoWriter::create(folder / "undo", identity_of(1), {}));
            BTRKIT_TRY(save_first_superblocks(undo));
            BTRKIT_TRY(undo.save(1, 0, pattern_bytes(std::size_t{3} << 20)));
            return undo.seal();
        }();
        REQUIRE_FALSE(all);
        CHECK(all.error().kind == ErrorKind::io);
        CHECK_FALSE(std::filesystem::exists(folder / "undo"));
    }
}

TEST_CASE("what does not belong to the identity is a bug, and so is what comes behind the end") {
    const TemporaryFolder folder;
    auto undo = UndoWriter::create(folder / "undo", identity_of(1), {});
    REQUIRE(undo);
    const auto is_bug = [](const Result<void>& done) { return !done && done.error().kind == ErrorKind::bug; };
    CHECK(is_bug(undo->save(2, 0, filled(1, 1))));
    CHECK(is_bug(undo->save(1, device_bytes, filled(1, 1))));
    CHECK(is_bug(undo->save(1, ~u64{0}, filled(1, 1))));
    CHECK(is_bug(undo->note_born({.devid = 1, .offset = device_bytes - 1, .length_bytes = 4096})));
    CHECK(is_bug(undo->save_superblock(3, first_super, filled(4096, 1), filled(4096, 2))));
    REQUIRE(save_first_superblocks(*undo));
    REQUIRE(undo->seal());
    CHECK(is_bug(undo->save(1, 0, filled(1, 1))));
    CHECK(is_bug(undo->seal()));
}

TEST_CASE("each changed byte of an undo file is told, and nothing of it is used") {
    const TemporaryFolder folder;
    const auto whole = bytes_of_file(small_file(folder / "undo"));
    const auto path = folder / "changed";
    for (std::size_t at = 0; at < whole.size(); ++at) {
        CAPTURE(at);
        auto changed = whole;
        changed[at] ^= static_cast<std::byte>(1 << at % 8);
        write_file(path, changed);
        const auto kind = why_unreadable(path);
        const bool is_magic = at < 8;
        const bool is_version = at >= 8 && at < 12;
        CHECK(kind == (is_magic ? ErrorKind::usage : is_version ? ErrorKind::unsupported : ErrorKind::damaged));
    }
}

TEST_CASE("an undo file that was cut anywhere is not sealed") {
    const TemporaryFolder folder;
    const auto whole = bytes_of_file(small_file(folder / "undo"));
    const auto path = folder / "cut";
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        write_file(path, Bytes(whole).first(length));
        if (length < sizeof(undo_format::FileStart)) {
            CHECK(why_unreadable(path) == ErrorKind::usage);
            continue;
        }
        const auto reader = UndoReader::open(path);
        REQUIRE_MESSAGE(reader, reader.error().message);
        CHECK_FALSE(reader->is_sealed());
    }
    auto longer = whole;
    longer.push_back({});
    write_file(path, longer);
    CHECK(why_unreadable(path) == ErrorKind::damaged);
}

TEST_CASE("records that make no sense are damage, though their chain is whole") {
    const TemporaryFolder folder;
    unsigned number = 0;
    const auto refused = [&](const std::function<void(UndoWriter&)>& write) {
        const auto path = folder / fmt::format("undo{}", number++);
        auto undo = UndoWriter::create(path, identity_of(2), {});
        REQUIRE(undo);
        write(*undo);
        REQUIRE(undo->seal());
        return why_unreadable(path) == ErrorKind::damaged;
    };
    CHECK(refused([](UndoWriter& undo) { // the superblock of one device alone
        REQUIRE(undo.save_superblock(1, first_super, filled(4096, 1), filled(4096, 2)));
    }));
    CHECK(refused([](UndoWriter& undo) { // one twice
        REQUIRE(save_first_superblocks(undo));
        REQUIRE(save_first_superblocks(undo));
    }));
    CHECK(refused([](UndoWriter& undo) { // no place of a superblock
        REQUIRE(save_first_superblocks(undo));
        REQUIRE(undo.save_superblock(1, 4096, filled(4096, 1), filled(4096, 2)));
    }));
    auto twins = identity_of(2);
    twins.devices[1].devid = 1;
    auto undo = UndoWriter::create(folder / "twins", twins, {});
    REQUIRE(undo);
    CHECK(why_unreadable(folder / "twins") == ErrorKind::damaged);
    auto backwards = identity_of(1);
    backwards.new_generation = backwards.old_generation;
    auto other = UndoWriter::create(folder / "backwards", backwards, {});
    REQUIRE(other);
    CHECK(why_unreadable(folder / "backwards") == ErrorKind::damaged);
}

TEST_CASE("a file that changes while it is read is told") {
    const TemporaryFolder folder;
    const auto path = small_file(folder / "undo");
    const auto reader = UndoReader::open(path);
    REQUIRE(reader);
    auto bytes = bytes_of_file(path);
    bytes[bytes.size() / 2] ^= std::byte{1};
    write_file(path, bytes);
    const auto done = reader->for_each_born([](const BornBlock&) { return Result<void>{}; });
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == ErrorKind::damaged);
}

} // namespace undo_file_test
