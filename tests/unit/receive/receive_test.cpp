// SPDX-License-Identifier: MIT
// What receive refuses, and what it makes of what kernels don't send: hostile streams, parents and clone sources that
// are not what they were, parts that are kept, data in all its forms.
#include "libfs/fs/compression.h"
#include "libfs/fs/file_extents.h"
#include "libfs/ops/edit_files/get.h"
#include "tests/unit/receive/receive_bench.h"
#include "tests/unit/receive/stream_maker.h"

#include <linux/falloc.h>

namespace receive_test {

using namespace btrkit;
using namespace btrkit::test;
using A = btrfs::send::Attribute;
using C = btrfs::send::Command;

namespace {

/// Refused with these words, and the filesystem is as it was.
void check_refused(ReceiveBench& bench, const std::string& stream, std::string_view says,
                   std::optional<ErrorKind> kind = {}, receive::Options options = {}) {
    const u64 before = bench.generation();
    const auto received = bench.receive(stream, std::move(options));
    REQUIRE_FALSE(received);
    const auto& error = received.error();
    CHECK_MESSAGE(error.message.find(says) != std::string::npos, error.message);
    CHECK_MESSAGE(error.message.find("send stream, byte ") != std::string::npos, error.message);
    if (kind) {
        CHECK(error.kind == *kind);
    }
    CHECK(bench.generation() == before);
    CHECK(bench.findings() == "");
}

void check_refused(const std::string& stream, std::string_view says, std::optional<ErrorKind> kind = {}) {
    ReceiveBench bench;
    check_refused(bench, stream, says, kind);
}

std::string content(const ReceiveBench& bench, const std::string& path) {
    StringSink sink;
    must(edit_files::get_contents(bench.open(), path, sink, {}));
    return std::string(sink.text());
}

std::vector<FileExtent> extents(const ReceiveBench& bench, const std::string& path) {
    const auto filesystem = bench.open();
    const auto place = must(find_path(filesystem, path));
    FileExtents all(filesystem, place, must(read_inode(filesystem, place)));
    std::vector<FileExtent> found;
    while (const auto extent = must(all.next())) {
        found.push_back(*extent);
    }
    return found;
}

Inode inode(const ReceiveBench& bench, const std::string& path) {
    const auto filesystem = bench.open();
    return must(read_inode(filesystem, must(find_path(filesystem, path))));
}

std::string letters(std::size_t count) {
    std::string text(count, 'x');
    for (std::size_t i = 0; i < count; ++i) {
        text[i] = static_cast<char>('a' + i * i % 23);
    }
    return text;
}

/// A file "f" of that content in "sv", received as uuid 1.
ReceiveBench bench_with(const std::string& data) {
    ReceiveBench bench;
    StreamMaker maker;
    maker.subvol().file("f");
    for (std::size_t at = 0; at < data.size(); at += 48 * kib) {
        maker.write("f", at, std::string_view(data).substr(at, 48 * kib));
    }
    must(bench.receive(maker.stream()));
    return bench;
}

} // namespace

TEST_CASE("receive: no path leads out of the subvolume") {
    for (const std::string name : {"", ".", "..", "a/b", "/a"}) {
        check_refused(StreamMaker().subvol(name).stream(), "name of a subvolume", ErrorKind::refused);
    }
    for (const std::string path : {"../out", "a/../../out", "/etc", "a//b", "./a", "a/.", "dir/..", "dir/"}) {
        CAPTURE(path);
        check_refused(StreamMaker().subvol().dir("dir").dir("a").file(path).stream(), "name");
    }
    check_refused(StreamMaker().subvol().symlink("l", "/").file("l/x").stream(), "l is no directory");
    check_refused(StreamMaker().subvol().symlink("l", "f").file("f").write("l", 0, "x").stream(), "no regular file");
    check_refused(StreamMaker().subvol().file("").stream(), "name");
    check_refused(StreamMaker().subvol().file(std::string(256, 'n')).stream(), "name");
    check_refused(StreamMaker().subvol().one_path(C::rmdir, "").stream(), "name");
    check_refused(StreamMaker().subvol().one_path(C::unlink, "none").stream(), "there is no \"none\"");
}

TEST_CASE("receive: names are changed as a kernel would, or not at all") {
    StreamMaker all;
    check_refused(StreamMaker().subvol().dir("d").two_paths(C::rename, "d", "d/inside").stream(), "into itself");
    check_refused(StreamMaker().subvol().dir("d").two_paths(C::link, "e", "d").stream(), "directory");
    check_refused(StreamMaker().subvol().dir("d").file("d/f").one_path(C::rmdir, "d").stream(), "not empty");
    check_refused(StreamMaker().subvol().dir("d").one_path(C::unlink, "d").stream(), "is a directory");
    check_refused(StreamMaker().subvol().file("f").file("f").stream(), "is there already");
    check_refused(StreamMaker().subvol().file("o300-1-0").file("o300-1-0").stream(), "is there already");
    check_refused(StreamMaker().subvol().symlink("l", "").stream(), "symbolic link");

    // What looks provisional may stay, hold others, be linked to, and give way.
    ReceiveBench bench;
    StreamMaker maker;
    maker.subvol().file("o1-1-0").dir("o2-1-0").file("o2-1-0/f").write("o2-1-0/f", 0, "data");
    maker.two_paths(C::link, "hard", "o1-1-0").file("over").two_paths(C::rename, "o2-1-0/f", "over");
    maker.file("o3-1-0").two_paths(C::rename, "o3-1-0", "over2").file("o3-1-0").two_paths(C::rename, "o3-1-0", "over2");
    must(bench.receive(maker.stream()));
    CHECK(bench.findings() == "");
    std::string names;
    for (const auto& record : bench.list("/sv")) {
        names += record.path + ' ';
    }
    CHECK(names == ". hard o1-1-0 o2-1-0 over over2 ");
    CHECK(content(bench, "/sv/over") == "data");
    CHECK(inode(bench, "/sv/hard").nlink == 2);
}

TEST_CASE("receive: a stream that is out of order, or of what can't be received, is refused") {
    check_refused(StreamMaker().file("f").stream(), "before the subvolume", ErrorKind::damaged);
    check_refused(StreamMaker().subvol().file("f").range(C::update_extent, "f", 0, 4096).stream(), "--no-data",
                  ErrorKind::unsupported);
    check_refused(StreamMaker().subvol().utimes("", {.sec = 1, .nsec = 1'000'000'000}).stream(), "no time",
                  ErrorKind::damaged);
    check_refused(StreamMaker(2).subvol().file("f").range(C::fallocate, "f", 0, 4096, 8).stream(), "fallocate",
                  ErrorKind::unsupported);
    ReceiveBench bench;
    const auto nothing = bench.receive(StreamMaker().stream());
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().message.find("no subvolume") != std::string::npos);
    CHECK(bench.generation() == 1);
    must(bench.receive(StreamMaker().subvol().stream()));
    check_refused(bench, StreamMaker().subvol("sv", 2).stream(), "\"sv\" is there already");
}

TEST_CASE("receive: offsets, lengths and sizes that no file has are refused; holes cost nothing") {
    constexpr u64 far = u64{1} << 63;
    check_refused(StreamMaker().subvol().file("f").truncate("f", far).stream(), "more than a file",
                  ErrorKind::no_space);
    check_refused(StreamMaker().subvol().file("f").write("f", far, "x").stream(), "file can have", ErrorKind::no_space);
    check_refused(StreamMaker().subvol().file("f").clone("f", far, 4096, {.path = "f"}).stream(), "longer than files");
    check_refused(StreamMaker().subvol().file("f").clone("f", 0, far, {.path = "f"}).stream(), "longer than files");
    check_refused(StreamMaker(2).subvol().file("f").range(C::fallocate, "f", 0, u64{1} << 50, 0).stream(), "space",
                  ErrorKind::no_space);
    ReceiveBench bench;
    must(bench.receive(
        StreamMaker().subvol().file("f").write("f", u64{1} << 40, "x").truncate("f", u64{1} << 41).stream()));
    CHECK(inode(bench, "/sv/f").size == u64{1} << 41);
    CHECK(inode(bench, "/sv/f").nbytes == 4096);
    CHECK(bench.findings() == "");
}

TEST_CASE("receive: parents are those that were sent, unchanged, or it is refused") {
    ReceiveBench bench;
    const auto child = StreamMaker().snapshot("child", 2, 1, 1).file("new").stream();
    check_refused(bench, child, "nothing was received here", ErrorKind::not_found);
    must(bench.receive(StreamMaker().subvol("sv", 7).stream()));
    check_refused(bench, child, "received were 07070707", ErrorKind::not_found);
    must(bench.receive(StreamMaker().subvol("parent", 1).file("f").stream()));
    must(bench.receive(child));

    // Written to behind its back.
    const auto change = [&](std::string_view path, const std::function<void(btrfs::RootItem&)>& edit) {
        const auto filesystem = bench.open();
        auto transaction = must(Transaction::begin(filesystem, {}));
        const u64 id = must(SubvolumeEditor(transaction, {}).find(path));
        auto* roots = must(transaction.tree(btrfs::root_tree_id));
        auto item = must(roots->first_from({id, btrfs::item_type::root_item, 0}));
        edit(*reinterpret_cast<btrfs::RootItem*>(item->body.data()));
        roots->put(item->key, item->body);
        must(commit::run(transaction, bench.writable(filesystem), {.is_proven = false}, {}));
    };
    const auto again = StreamMaker().snapshot("child2", 3, 1, 1).stream();
    change("/parent", [](btrfs::RootItem& root) {
        root.ctransid = root.rtransid + 5;
        root.ctime.sec = root.rtime.sec + 3600;
    });
    check_refused(bench, again, "--force-parent", ErrorKind::refused);
    must(bench.receive(again, {.force_parent = true}));
    change("/parent", [](btrfs::RootItem& root) { root.ctransid = root.rtransid; });
    must(bench.receive(StreamMaker().snapshot("child3", 4, 1, 1).stream()));
    change("/parent", [](btrfs::RootItem& root) { root.flags = 0; });
    const auto writable = bench.receive(StreamMaker().snapshot("child4", 5, 1, 1).stream());
    REQUIRE_FALSE(writable);
    CHECK(writable.error().message.find("is writable") != std::string::npos);
}

TEST_CASE("receive: clones share what is there, copy what can't be shared, and reach no further than their source") {
    const auto data = letters(100'000);
    auto bench = bench_with(data);
    StreamMaker maker;
    maker.subvol("other", 2).file("whole").clone("whole", 0, data.size(), {.path = "f"});
    maker.file("part").clone("part", 8192, 4096, {.path = "f", .offset = 4096});
    maker.clone("part", 40'960, 4096, {.uuid = 2, .path = "part", .offset = 8192}).truncate("part", 50'000);
    must(bench.receive(maker.stream()));
    CHECK(bench.findings() == "");
    CHECK(content(bench, "/other/whole") == data);
    CHECK(extents(bench, "/other/whole").front().disk == extents(bench, "/sv/f").front().disk);
    CHECK(content(bench, "/other/part").substr(40'960, 4096) == data.substr(4096, 4096));

    const auto clone_of = [](u64 offset, u64 length, const StreamMaker::Source& from) {
        return StreamMaker().subvol("bad", 3).file("g").clone("g", offset, length, from).stream();
    };
    check_refused(bench, clone_of(0, 4096, {.path = "none"}), "clone source none in subvolume", ErrorKind::not_found);
    check_refused(bench, clone_of(0, 4096, {.uuid = 9, .path = "f"}), "not in this filesystem", ErrorKind::not_found);
    check_refused(bench, clone_of(0, 4096, {.path = "../other/whole"}), "name");
    check_refused(bench, clone_of(0, 131'072, {.path = "f"}), "of a file are wanted that has 100000");
    check_refused(bench, clone_of(5, 4096, {.path = "f"}), "whole sectors");
    check_refused(bench, clone_of(0, 4096, {.uuid = 3, .path = "g"}), "of a file are wanted");
}

TEST_CASE("receive: a file that is cloned behind itself again and again takes no more memory than is given") {
    StreamMaker maker;
    maker.subvol().file("f").write("f", 0, letters(4096)).write("f", 4096, letters(4096));
    constexpr unsigned doublings = 13;
    for (unsigned i = 0; i < doublings; ++i) {
        const u64 size = u64{8192} << i;
        maker.clone("f", size, size, {.path = "f"});
    }
    maker.truncate("f", 5000).file("g").write("g", 0, letters(4096)).one_path(C::unlink, "g");
    receive::Options options;
    options.transaction.waiting_bytes = 100'000;
    ReceiveBench bench;
    must(bench.receive(maker.stream(), options));
    CHECK(bench.findings() == "");
    CHECK(content(bench, "/sv/f") == letters(4096) + letters(4096).substr(0, 904));
}

TEST_CASE("receive: packed data is proven, and kept as it is where that can be") {
    const std::string plain(128 * kib, 'p');
    Compressor compressor({.algorithm = btrfs::Compression::zstd, .level = 3}, 4096);
    const auto packed = *compressor.compress(std::as_bytes(std::span(plain)), plain.size());
    const std::vector<std::byte> kept(packed.begin(), packed.end());
    const StreamMaker::Encoded whole = {.file_bytes = plain.size(), .plain_bytes = plain.size()};
    const auto stream = StreamMaker(2)
                            .subvol()
                            .file("f")
                            .encoded("f", 0, whole, kept)
                            .file("part")
                            .encoded("part", 4096, {8192, plain.size(), 65'536}, kept)
                            .file("behind")
                            .write("behind", 0, letters(10'000))
                            .encoded("behind", 4096, {4096, plain.size(), 4096}, kept)
                            .stream();
    ReceiveBench bench;
    must(bench.receive(stream));
    CHECK(bench.findings() == "");
    CHECK(content(bench, "/sv/f") == plain);
    CHECK(extents(bench, "/sv/f").front().compression == btrfs::Compression::zstd);
    CHECK((bench.open().super().incompat_flags & btrfs::incompat_compress_zstd) != 0);
    CHECK(content(bench, "/sv/part") == std::string(4096, '\0') + plain.substr(0, 8192));
    CHECK(extents(bench, "/sv/part").back().offset_in_extent == 65'536);
    CHECK(content(bench, "/sv/behind") == letters(10'000).replace(4096, 4096, 4096, 'p'));

    ReceiveBench unpacked;
    must(unpacked.receive(stream, {.force_decompress = true}));
    CHECK(content(unpacked, "/sv/f") == plain);
    CHECK_FALSE(extents(unpacked, "/sv/f").front().is_compressed());
    CHECK(unpacked.findings() == "");

    auto broken = kept;
    broken[broken.size() / 2] ^= std::byte{0xff};
    broken[4] ^= std::byte{0xff};
    const auto encoded = [](const StreamMaker::Encoded& how, Bytes bytes) {
        return StreamMaker(2).subvol().file("f").encoded("f", 0, how, bytes).stream();
    };
    check_refused(encoded(whole, broken), "does not unpack", ErrorKind::damaged);
    check_refused(encoded({4096, 4096, 4096}, kept), "can't be", ErrorKind::damaged);
    check_refused(encoded({4096, u64{1} << 40, 0}, kept), "can't be", ErrorKind::damaged);
    check_refused(encoded({4096, 4096, 0, 99}, kept), "unknown way", ErrorKind::unsupported);
}

TEST_CASE("receive: what comes plain is compressed as the file or the user wants it") {
    const std::string data(300'000, 'c');
    const auto stream = [&] {
        StreamMaker maker;
        maker.subvol().file("plain").file("zlib").xattr("zlib", "btrfs.compression", "zlib");
        for (const std::string path : {"plain", "zlib"}) {
            for (std::size_t at = 0; at < data.size(); at += 48 * kib) {
                maker.write(path, at, std::string_view(data).substr(at, 48 * kib));
            }
        }
        return maker.stream();
    }();
    for (const auto& method : {CompressionMethod{}, CompressionMethod{btrfs::Compression::lzo, 0}}) {
        ReceiveBench bench;
        must(bench.receive(stream, {.compression = method}));
        CHECK(bench.findings() == "");
        CHECK(content(bench, "/sv/plain") == data);
        CHECK(content(bench, "/sv/zlib") == data);
        CHECK(extents(bench, "/sv/plain").front().compression == method.algorithm);
        CHECK(extents(bench, "/sv/zlib").front().compression == btrfs::Compression::zlib);
        const std::string more(40'960, 'm');
        must(bench.receive(
            StreamMaker().snapshot("sv2", 2, 1, 1).write("zlib", 8192, more).write("zlib", 299'999, "end").stream()));
        CHECK(bench.findings() == "");
        auto expected = data;
        expected.replace(8192, more.size(), more).replace(299'999, 3, "end");
        CHECK(content(bench, "/sv2/zlib") == expected);
        CHECK(extents(bench, "/sv2/zlib")[1].compression == btrfs::Compression::zlib);
    }
}

TEST_CASE("receive: flags are attributes like others, and keep nothing from being received") {
    ReceiveBench bench;
    StreamMaker maker(2);
    maker.subvol().file("f").number(C::fileattr, "f", A::fileattr, btrfs::inode_immutable | btrfs::inode_nodump);
    maker.write("f", 0, "abc")
        .file("cow")
        .number(C::fileattr, "cow", A::fileattr, btrfs::inode_nodatacow | btrfs::inode_nodatasum);
    maker.write("cow", 0, letters(9000)).write("f", 1, "X").clone("cow", 12'288, 3, {.path = "f"});
    maker.number(C::fileattr, "f", A::fileattr, btrfs::inode_nodatacow | btrfs::inode_immutable);
    must(bench.receive(maker.stream()));
    CHECK(bench.findings() == "");
    CHECK(content(bench, "/sv/f") == "aXc");
    CHECK(inode(bench, "/sv/f").flags == btrfs::inode_immutable);
    CHECK((inode(bench, "/sv/cow").flags & btrfs::inode_nodatasum) != 0);
    CHECK(content(bench, "/sv/cow").substr(12'288) == "aXc");
}

TEST_CASE("receive: preallocation, holes and zeros of version 2") {
    ReceiveBench bench;
    StreamMaker maker(2);
    const auto data = letters(40'960);
    maker.subvol().file("f").write("f", 0, data);
    maker.range(C::fallocate, "f", 8192, 8192, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
    maker.range(C::fallocate, "f", 20'480, 4096, FALLOC_FL_ZERO_RANGE);
    maker.range(C::fallocate, "f", 40'960, 8192, FALLOC_FL_KEEP_SIZE);
    must(bench.receive(maker.stream()));
    CHECK(bench.findings() == "");
    auto expected = data;
    expected.replace(8192, 8192, 8192, '\0').replace(20'480, 4096, 4096, '\0');
    CHECK(content(bench, "/sv/f") == expected);
}

TEST_CASE("receive: what came before a failure is kept where that is wanted, and nobody takes it for whole") {
    const auto bad = StreamMaker().subvol().file("good").write("good", 0, "kept").file("/bad").file("later").stream();
    ReceiveBench bench;
    check_refused(bench, bad, "name");
    const auto partial = must(bench.receive(bad, {.keeps_partial = true}));
    REQUIRE(partial.failure);
    CHECK(partial.failure->message.find("/bad") != std::string::npos);
    CHECK_FALSE(partial.subvolumes.front().is_whole);
    CHECK(content(bench, "/sv/good") == "kept");
    CHECK(bench.findings() == "");
    check_refused(bench, StreamMaker().snapshot("child", 2, 1, 1).stream(), "nothing was received here");

    ReceiveBench tolerant;
    unsigned told = 0;
    must(tolerant.receive(bad, {.max_errors = 3, .on_error = [&](const Error&) { ++told; }}));
    CHECK(told == 1);
    CHECK(inode(tolerant, "/sv/later").nlink == 1);
    check_refused(tolerant, StreamMaker().snapshot("child", 2, 1, 1).stream(), "nothing was received here");
}

TEST_CASE("receive: the filesystem has the same bytes at any number of threads") {
    StreamMaker first;
    StreamMaker second;
    first.subvol("a", 1);
    second.snapshot("b", 2, 1, 1);
    for (unsigned i = 0; i < 2500; ++i) {
        const auto name = file_name(i);
        first.file(name, 300 + i).write(name, 0, letters(4096 + i * 7 % 9000));
        if (i % 3 == 0) {
            second.one_path(C::unlink, name).file(name, 5000 + i).write(name, 0, letters(5000));
        } else if (i % 3 == 1) {
            second.clone(name, 0, 4096, {.path = file_name(i - 1)});
        }
    }
    const std::array streams = {first.stream(), second.stream()};
    std::vector<std::vector<SparseBytes>> images;
    for (const unsigned threads : {1U, 2U, 5U}) {
        ReceiveBench bench;
        must(bench.receive(streams, {.transaction = {.waiting_bytes = 200'000}}, threads));
        auto& image = images.emplace_back();
        for (const auto* device : bench.devices()) {
            image.push_back(dynamic_cast<const MemoryDevice&>(*device).bytes());
        }
        CHECK(image == images.front());
        CHECK(bench.findings() == "");
    }
}

TEST_CASE("receive: several inputs are put in order by all that they stand on, where they can be read twice") {
    const auto parent = StreamMaker().subvol("a", 1).file("f").write("f", 0, std::string(8192, 'x')).stream();
    // Its second stream, behind data, clones from the first input; the third input stands on that.
    const auto cloner = StreamMaker().subvol("b", 2).file("g").write("g", 0, std::string(20'000, 'y')).stream() +
                        StreamMaker().subvol("c", 3).file("h").clone("h", 0, 8192, {.path = "f"}).stream();
    const auto child = StreamMaker().snapshot("d", 4, 3, 3).one_path(C::unlink, "h").stream();
    for (const bool can_be_read_twice : {true, false}) {
        CAPTURE(can_be_read_twice);
        ReceiveBench bench;
        const auto filesystem = bench.open();
        std::vector<StreamSource> inputs;
        for (const auto* stream : {&child, &cloner, &parent}) {
            inputs.push_back({"stream", source_of(*stream), stream->size(),
                              can_be_read_twice ? source_at(*stream) : ByteSourceAt()});
        }
        const auto done = receive::run(filesystem, bench.writable(filesystem), inputs,
                                       {.now = receive_time, .new_uuid = [] { return maker_uuid(9); }}, {});
        CHECK(done.has_value() == can_be_read_twice);
        CHECK(bench.findings() == "");
    }
}

TEST_CASE("receive: several streams in one input, and only the first of them") {
    const auto two = StreamMaker().subvol("a", 1).stream() + StreamMaker().snapshot("b", 2, 1, 1).file("f").stream();
    ReceiveBench bench;
    CHECK(must(bench.receive(two)).subvolumes.size() == 2);
    CHECK(inode(bench, "/b/f").nlink == 1);
    ReceiveBench first;
    CHECK(must(first.receive(two, {.ends_at_end = true})).subvolumes.size() == 1);
    // As `send -e` has it: one header, one end.
    ReceiveBench joined;
    CHECK(must(joined.receive(StreamMaker().subvol("a", 1).snapshot("b", 2, 1, 1).stream())).subvolumes.size() == 2);
    CHECK(joined.findings() == "");
}

TEST_CASE("receive: with a commit for each subvolume, what was committed stays") {
    const auto chain = StreamMaker().subvol("a", 1).file("f").write("f", 0, "one").stream() +
                       StreamMaker().snapshot("b", 2, 1, 1).write("f", 0, "two").stream();
    const auto bad = StreamMaker().snapshot("c", 3, 2, 2).file("/bad").stream();
    ReceiveBench dry;
    CHECK(must(dry.receive(chain, {.commit = {.is_dry_run = true}, .commits_each = true})).subvolumes.size() == 2);
    CHECK(dry.generation() == 1);
    ReceiveBench bench;
    const u64 before = bench.generation();
    const auto report = must(bench.receive(chain + bad, {.commits_each = true}));
    REQUIRE(report.failure);
    CHECK(report.subvolumes.size() == 2);
    CHECK(report.commit.old_generation == before);
    CHECK(report.commit.new_generation == before + 2);
    CHECK(bench.generation() == before + 2);
    CHECK(content(bench, "/a/f") == "one");
    CHECK(content(bench, "/b/f") == "two");
    CHECK(bench.findings() == "");
    must(bench.receive(StreamMaker().snapshot("c", 3, 2, 2).file("good").stream(), {.commits_each = true}));
    check_refused(bench, bad, "is there already", {}, {.commits_each = true});
}

TEST_CASE("receive: new inodes have their sender's numbers, but none that the parent had for another") {
    ReceiveBench bench;
    must(bench.receive(StreamMaker().subvol("a", 1).file("f", 300).file("g", 290).stream()));
    CHECK(must(find_path(bench.open(), "/a/f")).inode == 300);
    CHECK(must(find_path(bench.open(), "/a/g")).inode == 290);
    must(bench.receive(StreamMaker()
                           .snapshot("b", 2, 1, 1)
                           .one_path(C::unlink, "f")
                           .file("reused", 300)
                           .file("next", 400)
                           .file("far", ~u64{0})
                           .stream()));
    const auto filesystem = bench.open();
    CHECK(must(find_path(filesystem, "/b/reused")).inode > 300);
    CHECK(must(find_path(filesystem, "/b/next")).inode == 400);
    CHECK(must(find_path(filesystem, "/b/far")).inode < 1000);
    CHECK(bench.findings() == "");
}

TEST_CASE("receive: a received subvolume says where it comes from") {
    ReceiveBench bench;
    const auto report = must(bench.receive(StreamMaker().subvol("a", 1).stream()));
    must(bench.receive(StreamMaker().snapshot("b", 2, 1, 1).stream()));
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    SubvolumeEditor subvolumes(transaction, {});
    const auto first = must(subvolumes.root_item(must(subvolumes.find("/a"))));
    const auto second = must(subvolumes.root_item(must(subvolumes.find("/b"))));
    CHECK(first.received_uuid == maker_uuid(1));
    CHECK(first.uuid == report.subvolumes.front().uuid);
    CHECK(first.stransid == 1);
    CHECK(first.rtransid == 2);
    CHECK(first.rtime.sec == static_cast<u64>(receive_time.sec));
    CHECK((first.flags & btrfs::root_subvol_rdonly) != 0);
    CHECK(second.parent_uuid == first.uuid);
    CHECK(second.received_uuid == maker_uuid(2));
    CHECK(second.rtransid == 3);
}

} // namespace receive_test
