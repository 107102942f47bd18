// SPDX-License-Identifier: MIT
// What verify_stream finds wrong, and what it lets pass.
#include "libfs/ops/verify_stream/verify_stream.h"

#include "tests/unit/stream/stream_builder.h"

namespace verify_stream_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;

using verify_stream::FaultKind;

std::string uuid(char letter) {
    return std::string(16, letter);
}

std::string subvol(std::string_view name, char letter, u64 generation = 5) {
    return command(C::subvol,
                   attribute(A::path, name) + attribute(A::uuid, uuid(letter)) + integer(A::ctransid, generation));
}

std::string snapshot(std::string_view name, char letter, char parent, u64 parent_generation = 5) {
    return command(C::snapshot, attribute(A::path, name) + attribute(A::uuid, uuid(letter)) + integer(A::ctransid, 6) +
                                    attribute(A::clone_uuid, uuid(parent)) +
                                    integer(A::clone_ctransid, parent_generation));
}

std::string mkfile(std::string_view path) {
    return command(C::mkfile, attribute(A::path, path) + integer(A::ino, 9));
}

std::string clone(char source) {
    return command(C::clone, integer(A::file_offset, 0) + integer(A::clone_len, 1) + attribute(A::path, "f") +
                                 attribute(A::clone_uuid, uuid(source)) + integer(A::clone_ctransid, 5) +
                                 attribute(A::clone_path, "f") + integer(A::clone_offset, 0));
}

std::string stream_of(const std::string& commands) {
    return header_of(1) + commands + command(C::end, "");
}

verify_stream::Report verify(const std::vector<std::string>& files, const verify_stream::Options& options = {}) {
    std::vector<StreamSource> inputs;
    for (std::size_t i = 0; i < files.size(); ++i) {
        inputs.push_back({"file" + std::to_string(i), source_of(files[i]), files[i].size()});
    }
    auto report = verify_stream::run(inputs, options, {});
    REQUIRE(report);
    return std::move(*report);
}

/// The only fault of all.
verify_stream::Fault fault_of(const std::vector<std::string>& files) {
    const auto report = verify(files);
    CHECK(!report.is_sound());
    verify_stream::Fault only;
    u64 count = 0;
    for (const auto& input : report.inputs) {
        count += input.fault_count;
        if (!input.faults.empty()) {
            only = input.faults.front();
        }
    }
    CHECK(count == 1);
    return only;
}

TEST_CASE("a chain in its order is sound, and told") {
    const auto write =
        command(C::write, attribute(A::path, "f") + integer(A::file_offset, 0) + attribute(A::data, "four"));
    const std::vector<std::string> files = {
        stream_of(subvol("one", 'a') + mkfile("f") + write), stream_of(snapshot("two", 'b', 'a') + clone('a')),
        stream_of(snapshot("three", 'c', 'a') + snapshot("four", 'd', 'c', 6)) + stream_of(subvol("five", 'e'))};
    const auto report = verify(files);
    CHECK(report.is_sound());
    REQUIRE(report.inputs.size() == 3);
    const auto& one = report.inputs[0];
    CHECK(one.bytes == files[0].size());
    CHECK(one.commands == 4);
    REQUIRE(one.subvolumes.size() == 1);
    CHECK(one.subvolumes[0].name == "one");
    CHECK(one.subvolumes[0].commands == 3);
    CHECK(one.subvolumes[0].data_bytes == 4);
    CHECK(!one.subvolumes[0].parent);
    CHECK(report.inputs[1].subvolumes.at(0).parent_input == std::size_t{0});
    const auto& last = report.inputs[2];
    CHECK(last.stream_versions == std::vector<u32>{1, 1});
    REQUIRE(last.subvolumes.size() == 3);
    CHECK(last.subvolumes[1].parent_input == std::size_t{2});
}

TEST_CASE("parents that are missing, come later or are of another generation") {
    const auto one = stream_of(subvol("one", 'a'));
    const auto two = stream_of(snapshot("two", 'b', 'a'));
    auto fault = fault_of({two});
    CHECK(fault.kind == FaultKind::missing_parent);
    CHECK(fault.text == "send stream, byte 17, command 1 (snapshot): its parent "
                        "61616161-6161-6161-6161-616161616161 of generation 5 is in no stream before");
    CHECK(fault_of({two, one}).text.ends_with("; it comes later, in file1"));
    CHECK(fault_of({one, stream_of(snapshot("two", 'b', 'a', 4))}).text.ends_with(", only that of generation 5"));
    CHECK(verify({two}, {.parents_elsewhere = true}).is_sound());
    // A source is missed once, not at every clone.
    fault = fault_of({stream_of(subvol("one", 'a') + clone('x') + clone('x') + clone('a'))});
    CHECK(fault.kind == FaultKind::missing_parent);
    CHECK(fault.text.contains("clone source"));
}

TEST_CASE("commands in an order that no sender has") {
    CHECK(fault_of({stream_of(mkfile("f") + mkfile("g") + subvol("one", 'a'))}).kind == FaultKind::order);
    CHECK(fault_of({stream_of("")}).text.contains("before it has begun a subvolume"));
    // Behind a whole stream, too.
    CHECK(fault_of({stream_of(subvol("one", 'a')) + stream_of(mkfile("f"))}).kind == FaultKind::order);
}

TEST_CASE("paths that lead out, and names that are none") {
    for (const auto* path : {"/etc/passwd", "..", "a/../../b", "a/.."}) {
        CAPTURE(path);
        CHECK(fault_of({stream_of(subvol("one", 'a') + mkfile(path))}).kind == FaultKind::path);
        const auto rename = command(C::rename, attribute(A::path, "f") + attribute(A::path_to, path));
        CHECK(fault_of({stream_of(subvol("one", 'a') + rename)}).text.contains("path_to"));
    }
    for (const auto& name : {std::string(), std::string("a/b"), std::string(".."), std::string(300, 'n')}) {
        CAPTURE(name);
        CHECK(fault_of({stream_of(subvol(name, 'a'))}).kind == FaultKind::path);
    }
    const auto link =
        command(C::symlink, attribute(A::path, "..f") + integer(A::ino, 9) + attribute(A::path_link, "/etc/passwd"));
    CHECK(verify({stream_of(subvol("one", 'a') + link + mkfile("a..b/...") + mkfile(""))}).is_sound());
}

TEST_CASE("every cut and every flipped byte is a fault, and the next input is read") {
    const auto sound = stream_of(subvol("one", 'a') + mkfile("f"));
    for (std::size_t length = 0; length < sound.size(); ++length) {
        const auto report = verify({sound.substr(0, length), stream_of(subvol("two", 'b'))});
        CHECK(!report.inputs[0].is_sound());
        CHECK(report.inputs[1].is_sound());
    }
    for (std::size_t at = 0; at < sound.size(); ++at) {
        auto spoilt = sound;
        spoilt[at] = static_cast<char>(spoilt[at] ^ 0x40);
        CAPTURE(at);
        CHECK(fault_of({spoilt}).kind == FaultKind::damaged);
    }
}

TEST_CASE("what a hostile stream has too much of is counted, not kept") {
    std::string many = subvol("one", 'a');
    for (int i = 0; i < 5000; ++i) {
        many += mkfile("..");
    }
    const auto report = verify({stream_of(many)});
    CHECK(report.inputs[0].fault_count == 5000);
    CHECK(report.inputs[0].faults.size() == 100);
}

TEST_CASE("sources that fail, and a wish to stop") {
    const StreamSource failing{
        "disk", [](MutableBytes) -> Result<std::size_t> { return fail(ErrorKind::io, "disk: cannot read"); }};
    const auto report = verify_stream::run(std::span(&failing, 1), {}, {});
    REQUIRE(report);
    CHECK(report->inputs[0].faults.at(0).kind == FaultKind::unreadable);

    StopFlag flag;
    flag.request();
    const auto bytes = stream_of(subvol("one", 'a'));
    const StreamSource input{"file", source_of(bytes)};
    const auto stopped = verify_stream::run(std::span(&input, 1), {}, {.stop = StopToken(flag)});
    REQUIRE(!stopped);
    CHECK(stopped.error().kind == ErrorKind::cancelled);
}

} // namespace

} // namespace verify_stream_test
