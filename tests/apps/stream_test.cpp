// SPDX-License-Identifier: MIT
// The manners of btrkit-stream, on what btrkit-send makes.
#include "apps/stream/stream.h"

#include "apps/subvolume/subvolume.h"
#include "libfs/render/fields_json.h"
#include "tests/apps/json_members.h"
#include "tests/apps/send_run.h"

namespace stream_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

ToolRun stream(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_stream, arguments);
}

/// A snapshot, and one of it with nothing changed, as two streams: a chain.
class TwoStreams {
public:
    TwoStreams() {
        const auto snapshot = run_tool(apps::run_subvolume, {"snapshot", "-r", image_.path(), "docs", "later"});
        REQUIRE_MESSAGE(snapshot.status == 0, snapshot.err);
        REQUIRE(send({"-q", image_.path(), "docs", "-f", whole()}).status == 0);
        REQUIRE(send({"-q", image_.path(), "later", "-p", "docs", "-f", later()}).status == 0);
    }
    std::string whole() const { return image_.beside("whole"); }
    std::string later() const { return image_.beside("later"); }
    std::string beside(std::string_view name) const { return image_.beside(name); }

private:
    MadeImage image_{{"--subvol", "ro:docs"}};
};

/// One line on standard error, with all of parts.
void check_said(const ToolRun& run, int status, const std::vector<std::string>& parts) {
    CAPTURE(run.err);
    CHECK(run.status == status);
    CHECK(count_of(run.err, "\n") == 1);
    CHECK(run.err.starts_with("btrkit-stream: "));
    for (const auto& part : parts) {
        CHECK_MESSAGE(contains(run.err, part), part);
    }
}

} // namespace

TEST_CASE("stream dump: a line a command, by operand and by -f") {
    const TwoStreams files;
    const auto run = stream({"dump", files.whole()});
    CHECK(run.status == 0);
    CHECK(run.err == "");
    CHECK(run.out.starts_with("subvol          ./docs "));
    CHECK(count_of(run.out, "\nwrite           ./docs/deep/data ") == 7);
    CHECK(stream({"dump", "-f", files.whole()}).out == run.out);
    CHECK(stream({"dump", files.later()}).out.starts_with("snapshot        ./later "));
}

TEST_CASE("stream dump: what can't be shown whole ends with an error behind what can") {
    const TwoStreams files;
    const auto whole = stream({"dump", files.whole()}).out;
    auto bytes = bytes_of(files.whole());
    const auto cut = files.beside("cut");
    write_file(cut, std::string_view(bytes).substr(0, bytes.size() - 1));
    auto run = stream({"dump", cut});
    check_said(run, 1, {cut + ": send stream, byte ", "cut off within"});
    CHECK(run.out == whole);
    bytes[bytes.size() / 2] ^= 1;
    write_file(cut, std::string_view(bytes));
    run = stream({"dump", cut});
    check_said(run, 1, {cut + ": send stream, byte ", "wrong checksum"});
    CHECK(run.out.size() < whole.size());
    CHECK(whole.starts_with(run.out));
    check_said(stream({"dump", "/nothing/here"}), 1, {"/nothing/here: cannot open"});
    check_said(stream({"dump", files.beside("")}), 1, {"Is a directory"});

    FullSink out;
    StringSink err;
    apps::Io io{.out = out, .err = err};
    const std::vector<std::string> arguments = {"dump", files.whole()};
    CHECK(apps::run_stream(arguments, io) == 1);
    CHECK(contains(err.text(), "full sink: no space"));
}

TEST_CASE("stream verify: a chain, in text") {
    const TwoStreams files;
    auto run = stream({"verify", files.whole(), files.later()});
    CHECK(run.status == 0);
    CHECK(run.err == "");
    CHECK(contains(run.out, files.whole() + ": 1 subvolume, "));
    CHECK(count_of(run.out, ": sound\n") == 2);
    CHECK(contains(run.out, "  docs ("));
    CHECK(contains(run.out, "): whole\n"));
    CHECK(contains(run.out, "): against "));
    CHECK(contains(run.out, ", in " + files.whole() + "\n"));
    CHECK(stream({"verify", "-q", files.whole()}).out == "");
    CHECK(contains(stream({"verify", "-v", files.whole()}).out, "of file data\n"));

    check_said(stream({"verify", files.later()}), 1, {files.later(), "its parent ", "is in no stream before\n"});
    check_said(stream({"verify", files.later(), files.whole()}), 1, {"it comes later, in " + files.whole()});
    run = stream({"verify", "--parents-elsewhere", files.later()});
    CHECK(run.status == 0);
    CHECK(contains(run.out, "which is in no stream before"));
}

TEST_CASE("stream verify: damage is told of each file, and the others are read") {
    const TwoStreams files;
    auto bytes = bytes_of(files.whole());
    bytes[bytes.size() / 2] ^= 1;
    const auto spoilt = files.beside("spoilt");
    write_file(spoilt, std::string_view(bytes));
    auto run = stream({"verify", spoilt, files.later()});
    check_said(run, 1, {spoilt + ": send stream, byte ", "wrong checksum"});
    CHECK(contains(run.out, spoilt + ": 1 subvolume, "));
    CHECK(contains(run.out, ": 1 fault\n"));
    CHECK(contains(run.out, ": sound\n"));
    // No stream at all, and nothing that can be opened.
    write_file(spoilt, "no stream");
    check_said(stream({"verify", spoilt}), 1, {"no send stream begins here"});
    run = stream({"verify", spoilt, "/nothing/here"});
    check_said(run, 1, {"/nothing/here: cannot open"});
    CHECK(run.out == "");
}

TEST_CASE("stream verify: docs/json-schema-stream.md names every member") {
    const TwoStreams files;
    auto bytes = bytes_of(files.whole());
    bytes[bytes.size() - 3] ^= 1;
    const auto spoilt = files.beside("spoilt");
    write_file(spoilt, std::string_view(bytes));
    const auto run = stream({"verify", "--format", "json", "-q", files.whole(), files.later(), spoilt});
    CHECK(run.status == 1);
    const auto document = Json::parse(run.out);
    CHECK(document["sound"] == false);
    CHECK(document["files"].size() == 3);
    CHECK(document["files"][1]["subvolumes"][0]["parent"]["path"] == files.whole());
    CHECK(document["files"][2]["faults"][0]["kind"] == "damaged");
    std::set<std::string> names;
    collect_members(document, names);
    std::ifstream file(BTRKIT_SOURCE_DIR "/docs/json-schema-stream.md");
    const std::string schema{std::istreambuf_iterator<char>(file), {}};
    for (const auto& name : names) {
        CAPTURE(name);
        CHECK(contains(schema, "`" + name + "`"));
    }
}

TEST_CASE("stream: wrong usage, status 2, nothing on standard output") {
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
        {{}, "the first argument is a verb"},
        {{"dmp"}, "there is no verb 'dmp'; did you mean 'dump'?"},
        {{"verify"}, "FILE"},
        {{"verify", "--format", "lines", "x"}, "'lines' is not one of text or json"},
        {{"dump", "a", "-f", "b"}, "one stream at a time"},
        {{"dump", "a", "b"}, "b"},
        {{"dump", "--what"}, "--what"},
    };
    for (const auto& [arguments, part] : cases) {
        const auto run = stream(arguments);
        check_said(run, 2, {part, " --help)"});
        CHECK(run.out == "");
    }
}

TEST_CASE("stream: --help fits a screen") {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"--help"}, {"dump", "--help"}, {"verify", "--help"}}) {
        const auto help = stream(arguments);
        CHECK(help.status == 0);
        CHECK(count_of(help.out, "\n") <= 24);
        CHECK(help.out.starts_with("Usage: btrkit-stream "));
    }
}

} // namespace stream_test
