// Relay: the enforcement point of one session. Bytes of both peers, answers of control and log, and time
// come in; bytes, records and questions go out as Actions. No I/O, no clock, no randomness of its own.
//
// Owner: proxy/link, on the worker's loop; neither copied nor moved. Reads hostile bytes on both legs.
// Anything it does not understand ends the session. Files: request_path (simple protocol), extended_path,
// response_path (server's messages), rows (masking), limits (what cuts and stops), hold (people), run (read-write), local (pgveil.*),
// records (the log).
//
//   client state     | meaning                                          | left when
//   Reading          | client messages are processed                    | a message must wait
//   Barrier          | one message waits for an empty ledger            | the last answer came
//   AskingControl    | a question is with the control thread            | on_control
//   WaitingForPerson | held on the wire (pgveil.wait)                   | decision, time, cancel
//   WaitingForRecord | intent of a write must be durable                | on_durable
//   WaitingForCatalog| an unknown name asked for a refresh              | on_view
//   WaitingForCancel | a result was cut: our cancel must not hit what comes after | on_cancelled
//   Running          | an approved statement runs in pgveil.execute      | its last answer
//   Ended            | nothing is read any more                         | –
#pragma once

#include <deque>
#include <functional>

#include "protocol/backend_messages.h"
#include "protocol/encoder.h"
#include "protocol/frame_reader.h"
#include "protocol/frontend_messages.h"
#include "relay/event.h"
#include "relay/local_shapes.h"
#include "relay/setup.h"
#include "relay/statement.h"
#include "session/pipeline.h"
#include "session/slots.h"
#include "session/transaction.h"

namespace pgveil::relay {

class Relay final : private sql::NamedStatements {
  public:
    /// `tools` outlives the relay.
    Relay(RelaySetup setup, Tools& tools);
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;
    ~Relay() override;

    void on_client(ByteView bytes, Now now, Actions& out);
    void on_server(ByteView bytes, Now now, Actions& out);
    void on_written(std::uint64_t record, Now now, Actions& out);
    void on_durable(std::uint64_t record, Now now, Actions& out);
    void on_control(std::uint64_t ticket, control::Answer answer, Now now, Actions& out);
    void on_request_changed(std::string_view id, Now now, Actions& out);
    /// New snapshot; `refreshed`: the answer to our RefreshCatalog.
    void on_view(DatabaseViewPtr view, bool refreshed, Now now, Actions& out);
    void on_timer(Now now, Actions& out);
    /// The client's CancelRequest with the right key.
    void on_cancel(Now now, Actions& out);
    /// A CancelServer was carried out, or could not be.
    void on_cancelled(Now now, Actions& out);
    /// Grant gone, killed, shutdown: FATAL with `code`, then the end.
    void end(SqlState code, std::string message, Now now, Actions& out);
    /// The client sends no more: what it already sent is answered within a short time, then the session ends.
    void on_client_end(Now now, Actions& out);
    /// One leg is gone; records what was running.
    void on_peer_lost(bool server_side, Now now, Actions& out);
    /// The journal cannot write any more: what waits for it is refused (PV008).
    void on_audit_failed(Now now, Actions& out);
    /// Grants changed, but the session may go on.
    void on_access(Access access) { setup_.access = access; }
    /// A ParameterStatus as this agent's client is to see it.
    [[nodiscard]] static std::string client_view(const Agent& agent, std::string_view name, std::string_view value);
    [[nodiscard]] bool wants_client() const { return state_ == State::Reading && !awaits_copy() && !full(); }
    [[nodiscard]] bool wants_server() const { return !blocked_ || server_.kept() < kKeptWhileBlocked; }
    [[nodiscard]] bool idle() const { return pipeline_.empty() && state_ == State::Reading; }
    [[nodiscard]] const char* doing() const;   // in words of SHOW SESSIONS
    [[nodiscard]] const session::Transaction& transaction() const { return transaction_; }
    [[nodiscard]] std::size_t kept() const;    // bytes: messages that are not whole yet or wait, statements by name

  private:
    static constexpr std::size_t kKeptWhileBlocked = 256 * 1024;   // small answers are read at once: a server that dies leaves them
    // pump.cc: messages, waiting, ledger
    void pump_client();
    void pump_server();
    void process(char type, ByteView body);
    void framing_lost(char type, protocol::Malformed why);
    void terminate();
    void defer(char type, ByteView body);
    [[nodiscard]] bool at_barrier(char type, ByteView body);
    [[nodiscard]] bool must_wait(char type, ByteView body), in_doubt(char type, ByteView body) const, full() const;
    void resume(), process_waiting();
    void wait_in(State state);
    void send(session::Request request, session::Disposition disposition, Pending pending);
    [[nodiscard]] Pending* pending_of(std::uint64_t tag);
    void settle(std::uint64_t tag);
    void fatal(SqlState code, std::string message);
    [[nodiscard]] Asker asker() const;
    [[nodiscard]] JudgedPtr judge_inner(const sql::Analysis& analysis, const sql::Statement& statement);
    [[nodiscard]] bool enforced(const policy::Decision& decision) const, lenient() const, write_session() const;

    // request_path.cc
    void on_query(ByteView body);
    void query_at_barrier(std::string_view text, const JudgedPtr& judged);
    void forward_query(std::string_view text, const JudgedPtr& judged);
    void forward_unread(char type, ByteView body, session::Request request);
    void probe(std::string_view text, const Judged& judged), drop_unnamed();
    void on_sync(ByteView body), on_flush(ByteView body), on_function_call(ByteView body);
    [[nodiscard]] bool await_catalog(char type, ByteView body, const Judged& judged), may_copy_in(const sql::Analysis& analysis) const;
    void note_facts(const sql::Analysis& analysis);

    // extended_path.cc
    void on_parse(ByteView body);
    void on_bind(ByteView body);
    void bind_at_barrier(const protocol::BindView& bind, const PortalPtr& portal);
    void bind_unknown(ByteView body, const protocol::BindView& bind, const PreparedPtr& statement);
    void forward_bind(ByteView body, std::string_view name, const PortalPtr& portal);
    void on_describe(ByteView body);
    void on_execute(ByteView body);
    void forward_execute(ByteView body, std::string_view name, const PortalPtr& portal);
    void on_close(ByteView body);
    void inject_describe(std::string_view name, const PreparedPtr& statement);
    [[nodiscard]] std::optional<protocol::ErrorOut> bind_fault(const protocol::BindView& bind, const Prepared& statement) const;
    [[nodiscard]] static std::optional<protocol::ErrorOut> count_fault(const protocol::BindView& bind, const Prepared& statement);
    [[nodiscard]] std::shared_ptr<const void> named_now(const sql::Analysis& analysis) const;
    [[nodiscard]] std::optional<protocol::ErrorOut> changed_since_bind(const Portal& portal) const;
    [[nodiscard]] PortalPtr make_portal(const protocol::BindView& bind, const PreparedPtr& statement);

    // response_path.cc
    void on_server_frame(const protocol::Frame& frame);
    void on_asynchronous(const protocol::Frame& frame);
    void on_answer(const protocol::Frame& frame, const session::Pipeline::Answered& answered);
    void on_forwarded(const protocol::Frame& frame, const session::Entry& entry, Pending& pending);
    void on_swallowed(const protocol::Frame& frame, const session::Entry& entry, Pending& pending);
    void on_complete(const protocol::Frame& frame, const session::Entry& entry, Pending& pending);
    void on_error(const protocol::Frame& frame, const session::Pipeline::Answered& answered, Pending& pending);
    void on_ready(const protocol::Frame& frame, const session::Entry& entry, Pending& pending);
    void confirm(const session::Entry& entry, Pending& pending);
    void discard(const session::Entry& entry, bool by_script);
    [[nodiscard]] bool believe(ByteView ready);
    void probe_passed(const Run& run), on_copy_in(const Pending& pending);
    void on_captured(const protocol::Frame& frame, Pending& pending), end_captured(const RunPtr& kept), server_ended(), note_lost_runs();
    void on_described(const protocol::Frame& frame, Pending& pending);
    [[nodiscard]] DescriptionPtr describe(const protocol::Frame& frame, std::span<const Oid> parameters) const;

    // path.cc: the search path, and what a name means under it
    [[nodiscard]] JudgedPtr judge(std::string_view text, std::span<const Oid> types);
    [[nodiscard]] const sql::Analysis *prepared(std::string_view name) const override, *cursor(std::string_view name) const override;
    [[nodiscard]] std::string judged_under() const;
    [[nodiscard]] bool means_another(const Portal& portal) const;
    void touch_path(const sql::Analysis& analysis, bool only_planned = false), on_status(TransactionStatus status), ask_path(), on_path_row(ByteView body), use_path(const DatabaseView& view);

    // completion.cc: errors, ends, what they say of session and transaction
    void finish_statement(const Run& run, std::string_view tag);
    void finish_names(const Run& run, const sql::Statement& statement);
    void settle_uncommitted(), note_error(const Pending& pending, session::Request request, std::string_view code);
    void finish_run(Run& run);
    void fold_masked(Run& run);
    [[nodiscard]] bool blocks() const;

    // rows.cc
    void on_row(const protocol::Frame& frame, Run& run);
    void plan_rows(Run& run);
    void mask_row(ByteView body, Run& run), capture_row(ByteView body, Run& run);
    [[nodiscard]] DescriptionPtr description_of(const Run& run) const;
    void keep_error(ByteView body, Run& run);
    void put_notification(const protocol::NotificationView& notification);
    void forward_error(char type, ByteView body, const Run* run);
    void put_parameter_status(const protocol::ParameterStatusView& status);

    // limits.cc
    void count_row(Run& run, std::uint64_t bytes), take_egress();
    void cut(Run& run, Limit limit), cancel_server(), cancel_current(), give_back(), end_cut(), end_with_limit(Limit limit);
    void on_cut(const protocol::Frame& frame, const session::Entry& entry, Pending& pending);
    [[nodiscard]] static SqlState code_of(Limit limit);
    static void put_limit_error(Bytes& to, Limit limit);
    void watch(), on_time();
    [[nodiscard]] RunPtr working();
    [[nodiscard]] std::optional<protocol::ErrorOut> spent(const Judged& judged);
    void refuse_spent(const Judged& judged, std::string_view text, const protocol::ErrorOut& error);
    [[nodiscard]] JudgedPtr within_hour(JudgedPtr judged, std::string_view text, std::span<const BoundParameter> parameters);

    // copy_path.cc
    void describe_copies(const RunPtr& run, std::string_view text, bool simple);
    void inject_shape(const PreparedPtr& shape, const RunPtr& run, bool simple);
    void on_shape_error(ByteView body, const Pending& pending);
    [[nodiscard]] std::string probed_text(std::string_view text, const Judged& judged, Run& run) const;
    void on_probe_error(ByteView body, const Run& run);
    [[nodiscard]] std::optional<protocol::ErrorOut> cannot_copy(const Judged& judged) const;
    void on_copy(const protocol::Frame& frame, Run& run);
    void on_copy_out(const protocol::Frame& frame, Run& run);
    void on_copy_data(const protocol::Frame& frame, Run& run);
    void copy_rows(ByteView bytes, Run& run);
    void on_copy_done(const protocol::Frame& frame, Run& run);
    [[nodiscard]] DescriptionPtr copied_columns(const Run& run, std::size_t count) const;

    // copy_in.cc
    [[nodiscard]] bool awaits_copy() const;
    void copy_data(const protocol::Frame& frame);
    void during_copy(char type, ByteView body);
    void copy_lost_sync(char type), doubt_copy(char type, ByteView body), answer_syncs();
    [[nodiscard]] bool ended_by_us(const protocol::ErrorFields& error) const;

    // hold.cc
    void hold(std::string_view statement, const JudgedPtr& judged, std::span<const BoundParameter> parameters,
              std::span<const std::int16_t> formats);
    void ask(control::Ask ask, Stage stage);
    void on_consumed(control::Answer& answer), on_filed(control::Answer& answer);
    void on_looked(control::Answer& answer);
    void wait_for_person(const RequestView& request);
    void give_ticket(const RequestView& request), refuse_outcome(const control::Answer& answer), on_facts_row(ByteView body);
    [[nodiscard]] bool await_facts(const Judged& judged);
    [[nodiscard]] std::string idea_of(std::string_view statement) const, asked_text() const;
    [[nodiscard]] RequestDraft draft_of(std::string_view statement, const Judged& judged) const;
    [[nodiscard]] std::optional<protocol::ErrorOut> unknown_name(const sql::Analysis& analysis) const;
    [[nodiscard]] std::optional<protocol::ErrorOut> cannot_run(const Judged& judged) const, cannot_ask(const Judged& judged) const;
    [[nodiscard]] std::optional<protocol::ErrorOut> cannot_spend(const Judged& judged) const;
    [[nodiscard]] std::optional<protocol::ErrorOut> writes_mask(std::string_view text, const Judged& judged, std::span<const BoundParameter> parameters) const;

    // run.cc, server_lock.cc
    void refuse(const protocol::ErrorOut& error);
    void refuse_denied(const Judged& judged, std::string_view text), poison(Bytes replacement);
    void run_deferred();
    void start_write(const JudgedPtr& judged, std::string request);
    void run_query(std::string_view text, const RunPtr& run);
    void run_bind(), run_captured();
    void bind_captured(const RequestView& request, const RunPtr& run);
    void script(std::string_view sql, Pending::Why why = Pending::Why::Script);
    void end_script();
    void script_query(std::string_view sql), pin_default(), open_shield(), close_shield();
    void unlock(const sql::Analysis& analysis);
    void after_transaction_verb(const sql::Analysis& analysis);

    // local.cc
    [[nodiscard]] static bool is_local(const sql::Analysis& analysis);
    void local_query(const JudgedPtr& judged);
    void local_execute(const PortalPtr& portal);
    void local_describe(const Prepared& statement, bool of_statement, std::span<const std::int16_t> formats);
    void answer_local(const sql::Analysis& analysis, std::string argument);
    void answer_explain(std::string_view sql);
    void submit(std::string_view sql);
    void on_local_answer(control::Answer& answer);
    [[nodiscard]] bool read_only_as_seen(std::string_view name) const;
    void apply_setting(const sql::Statement& statement);
    void local_rows(std::vector<LocalRow> rows, std::string_view tag);
    void local_done(std::string_view tag);
    void answer_executed(Run& run), fail_executed();

    // records.cc
    std::uint64_t record(audit::Record record, Awaited awaited = Awaited::Nothing);
    [[nodiscard]] audit::Record statement_record(audit::Kind kind, const Judged& judged, std::uint64_t number) const;
    RunPtr begin_run(const JudgedPtr& judged, const sql::LoggedText& logged, std::span<const BoundParameter> parameters,
                     std::string_view decision, std::string_view request, Awaited awaited = Awaited::Result);
    void on_trial(const Judged& judged, audit::Record& intent);
    void record_refusal(const Judged& judged, std::string_view text, std::string_view decision, std::string_view request, std::string_view rule = {}, std::string_view sqlstate = {});
    void refuse_recorded(const Judged& judged, std::string_view text, const protocol::ErrorOut& error), record_refused(std::string_view sqlstate);
    [[nodiscard]] sql::LoggedText logged(std::string_view text, sql::UnknownNames unknown = sql::UnknownNames::Labels) const;

    RelaySetup setup_;
    Tools& tools_;
    State state_ = State::Reading;
    bool blocked_ = false, audit_failed_ = false;   // server's bytes wait for a record; none can be written
    std::shared_ptr<std::size_t> names_bytes_ = std::make_shared<std::size_t>(0);   // of all Charges; before whatever has one
    bool fact_barrier_ = false;               // something in flight changes what later statements mean
    bool path_stale_ = false;                 // search_path must be asked for before the next judgement
    bool batch_open_ = false, batch_ran_ = false;   // extended messages, Executes since the last Sync
    bool batch_snapshot_ = false;             // something since the last Sync made the server take a snapshot
    bool piece_forwarded_ = false;            // the first part of the row being delivered went to the client
    bool mid_piece_ = false;                  // a server message is being delivered in parts
    bool copy_in_flight_ = false;             // COPY FROM STDIN was sent: whatever is no COPY data waits
    bool client_ended_ = false, server_lost_ = false;   // sends no more; gone, while bytes of it wait for a record
    CopyIn copy_in_;
    bool rolled_back_ = false;                // ROLLBACK ended the transaction of uncommitted_
    Bytes kept_error_;                        // of the statement pgveil.execute runs
    bool path_touched_ = false, path_moved_ = false;   // since the last ReadyForQuery without a transaction: it may have, it has changed
    bool relock_ = false;                     // after the client's Sync the default goes back to read-only
    bool begin_writable_ = false;             // we asked for a read-write block behind the client's BEGIN
    bool simple_ = true;                      // the message being processed is of the simple protocol
    protocol::FrameReader client_, server_;
    session::Pipeline pipeline_;
    std::deque<Pending> pending_;
    session::Slots<Prepared> statements_;
    session::Slots<Portal> portals_;
    session::Transaction transaction_;
    std::optional<Deferred> deferred_;
    std::vector<RunPtr> suspended_;           // portals stopped at a row limit: their result is not recorded yet
    std::vector<RunPtr> uncommitted_;         // runs under an approval whose transaction has not ended
    catalog::SearchPath path_;
    SessionFacts facts_;
    bool client_read_only_default_ = false;   // the client's wishes, not what the server does
    bool client_read_only_ = false;           // of its open transaction
    std::string application_name_;            // as the client sees it
    std::uint64_t batch_tag_ = 1;             // of the first message since the last Sync
    std::uint64_t next_tag_ = 1, next_ticket_ = 1, records_ = 0, written_ = 0, durable_ = 0, runs_ = 0;
    std::vector<protocol::RawCell> cells_;
    std::vector<masking::CellView> views_;
    Cut cut_;
    Bytes copied_;                            // rows of the CopyData being answered
    Now now_{};
    Actions* out_ = nullptr;                  // of the event being handled
};

}  // namespace pgveil::relay
